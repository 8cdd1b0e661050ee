/** What a case came to, as it is recorded. @module */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { BaseImage } from './base.ts';
import type { Builder } from './builders.ts';
import { type BuildCase, layOut } from './case.ts';
import { above, type Facts, factDifferences } from './facts.ts';
import type { Servers } from './servers.ts';

/** Of the tree, what is not the base's. Of a failure, what was said. */
export type Golden = Facts | { readonly error: string };

export interface Place {
  readonly directory: string;
  readonly base: BaseImage;
  readonly servers: Servers;
}

export async function buildGolden(
  one: BuildCase,
  builder: Builder,
  { directory, base, servers }: Place,
): Promise<Golden> {
  const laid = layOut(servers.reaching(one), directory, base.layout);
  try {
    const outcome = await builder.build(laid);
    if (outcome.kind === 'failed') return { error: servers.plain(outcome.message).replaceAll(directory, '') };
    const { facts } = outcome;
    const onBase = facts.tree['/bin/probe'] !== undefined;
    return JSON.parse(
      servers.plain(
        JSON.stringify({ ...facts, tree: withoutRepositories(onBase ? above(facts.tree, base.tree) : facts.tree) }),
      ),
    );
  } finally {
    rmSync(dirname(laid.context), { recursive: true, force: true });
  }
}

/** A line for each difference. Of two failures only that both are: what they say is for people. */
export function goldenDifferences(wanted: Golden, got: Golden): readonly string[] {
  if ('error' in wanted) return 'error' in got ? [] : ['succeeds, and BuildKit fails'];
  return 'error' in got ? [`fails: ${got.error}`] : factDifferences(wanted, got);
}

/** Of a repository's own directory, what is checked out is all that builders agree upon. */
function withoutRepositories(tree: Facts['tree']): Facts['tree'] {
  return Object.fromEntries(Object.entries(tree).filter(([path]) => !/\/\.git\/(?!HEAD$)/.test(path)));
}
