/** Would a program start on this base, and what would it need? One row for each base. @module */

import type { RunConfig } from '../formats/oci/types.ts';
import { TreeEditor } from '../model/editor.ts';
import { type Tree, unpackedSize } from '../model/tree.ts';
import { treeFiles } from '../ports/tree-files.ts';
import { judge } from '../rules/closure/verdict/verdict.ts';
import { createFacts, environmentOf } from '../rules/facts.ts';
import type { Finding } from '../rules/finding.ts';
import { findProgram, noProgram } from '../rules/programs.ts';
import { RULES } from '../rules/table.ts';
import { type Access, openRoot } from '../sources.ts';
import { openPacking } from './pack.ts';
import { programName } from './recipe.ts';

export interface BaseRow {
  readonly base: string;
  /** Whether the programs alone, put on the base, would start. */
  readonly starts: boolean;
  /** Why not, and what will fail later: errors and warnings. */
  readonly findings: readonly Finding[];
  /** Bytes of the base and the programs, unpacked. */
  readonly bare: number;
  /** Bytes once all that the programs need is added. */
  readonly complete: number;
}

export interface ComparisonOptions {
  readonly programs: readonly string[];
  readonly from?: string;
  readonly bases: readonly string[];
}

export async function compareBases(options: ComparisonOptions, access: Access): Promise<BaseRow[]> {
  for (const program of options.programs) programName(program);
  const rows: BaseRow[] = [];
  for (const base of options.bases) rows.push(await rowOf(base, options, access));
  return rows;
}

async function rowOf(base: string, { programs, from = 'host:' }: ComparisonOptions, access: Access): Promise<BaseRow> {
  await using source = await openRoot(from, access);
  await using root = await openRoot(base, { ...access, platform: source.platform });
  const { tree, first } = await withPrograms(await root.tree(), source, programs);
  const inherited = root.config?.config ?? source.config?.config ?? {};
  const config: RunConfig = { ...inherited, Entrypoint: [first], Cmd: [] };
  const facts = createFacts(treeFiles(tree), { config, platform: source.platform, cpu: 'baseline' });
  const { findings } = await judge({ facts, rules: RULES });
  await using packing = await openPacking({ programs, from, base }, access);
  return {
    base,
    starts: !findings.some(({ severity }) => severity === 'error'),
    findings: findings.filter(({ severity }) => severity !== 'info'),
    bare: unpackedSize(tree),
    complete: unpackedSize(packing.packed.tree),
  };
}

/** The programs alone, at the paths they have in the source. */
async function withPrograms(
  base: Tree,
  source: Awaited<ReturnType<typeof openRoot>>,
  programs: readonly string[],
): Promise<{ tree: Tree; first: string }> {
  const editor = new TreeEditor(base);
  const path = environmentOf(source.config?.config ?? {})['PATH'] ?? '';
  const paths: string[] = [];
  for (const program of programs) {
    const found = await findProgram(source.files, program, { path });
    if (!found.found) throw await noProgram(source.files, program, `/${program}`, `in ${source.reference}`);
    editor.put(found.as, found.node);
    paths.push(found.as);
  }
  return { tree: editor.done(), first: paths[0] ?? '/' };
}
