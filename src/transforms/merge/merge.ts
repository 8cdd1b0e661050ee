/**
 * Several images into one: trees joined by path, databases entry by entry, configs by rule. `docs/merge.md` has the rules.
 * @module
 */
import type { Platform, RunConfig } from '../../formats/oci/types.ts';
import type { Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { type ConfigWishes, mergeConfigs } from './config.ts';
import { gatherFacts } from './facts.ts';
import { joinTrees } from './join.ts';
import { withLibraryCache } from './library-cache.ts';
import { throughLinks } from './through-links.ts';
import { type Choose, type Conflict, type MergeInput, sortConflicts } from './types.ts';

export interface MergeRequest extends ConfigWishes {
  /** In the order in which "first" and "last" are meant; at least one. */
  readonly inputs: readonly MergeInput[];
  readonly platform: Platform;
  readonly choose: Choose;
}

export interface Merged {
  readonly tree: Tree;
  readonly config: RunConfig;
  /** By place. Where there is one, tree and config hold the first image's side, and are not to be used. */
  readonly conflicts: readonly Conflict[];
}

export async function merge({ inputs, platform, choose, ...wishes }: MergeRequest, run: Run = {}): Promise<Merged> {
  const trees = throughLinks(inputs.map(({ tree }) => tree));
  const facts = await gatherFacts(trees, run);
  const joined = joinTrees(trees, facts, choose);
  const cached = await withLibraryCache(joined.tree, trees, { platform, facts, choose });
  const { config, conflicts } = mergeConfigs(
    inputs.map((input) => input.config),
    wishes,
    choose,
  );
  return {
    tree: cached.tree,
    config,
    conflicts: sortConflicts([...joined.conflicts, ...cached.conflicts, ...conflicts]),
  };
}
