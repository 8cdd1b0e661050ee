/**
 * Programs that are in the image and that nothing starts, as far as can be told: somebody may start them by hand. What is
 * wrong with them is no error of the image.
 * @module
 */
import { mapBounded } from '../../base/concurrency.ts';
import { dirname } from '../../base/path.ts';
import { loadProgram } from '../../loader/load.ts';
import type { FileNode } from '../../model/node.ts';
import { type Tree, walk } from '../../model/tree.ts';
import type { Closure, Load } from '../../rules/closure/types.ts';
import { loadFindings } from '../../rules/closure/verdict/loads.ts';
import type { Finding } from '../../rules/finding.ts';
import type { Facts } from '../../rules/rule.ts';

const AT_ONCE = 16;
const ANY_EXECUTE = 0o111;

/** Of those in PATH: at most warnings. Of others: remarks. */
export async function bystanderFindings(facts: Facts, tree: Tree, closure: Closure): Promise<Finding[]> {
  const used = new Set(closure.loads.map(({ path }) => path));
  const directories = await programDirectories(facts);
  const programs = [...walk(tree)].flatMap(({ path, node }) =>
    node.kind === 'file' && !used.has(path) && (node.meta.mode & ANY_EXECUTE) !== 0 ? [{ path, node }] : [],
  );
  const loads = await mapBounded(programs, AT_ONCE, (program) => loadOf(facts, program));
  const known = loads.filter((load) => load !== undefined);
  const common = known.filter(({ path }) => directories.has(dirname(path)));
  const rare = known.filter(({ path }) => !directories.has(dirname(path)));
  return [
    ...(await loadFindings(
      facts,
      common.map((load) => ({ ...load, strength: 'recommended' as const })),
    )),
    ...(await loadFindings(facts, rare)),
  ];
}

/** Where the directories of PATH end, links followed. */
async function programDirectories({ env, files }: Facts): Promise<ReadonlySet<string>> {
  const found = await Promise.all((env['PATH'] ?? '').split(':').map((dir) => files.resolve(dir)));
  return new Set(found.flatMap((one) => (one.kind === 'found' ? [one.path] : [])));
}

/** Shared objects are often executable too; one that names an interpreter, or needs nothing, is a program. */
async function loadOf(facts: Facts, { path }: { path: string; node: FileNode }): Promise<Load | undefined> {
  const elf = await facts.elf(path);
  if (elf === undefined || (elf.interp === undefined && elf.type !== 2)) return undefined;
  const result = await loadProgram(facts.files, path, { env: facts.env, cpu: facts.cpu, cache: facts.loader });
  return { path, program: path, strength: 'suggested', result };
}
