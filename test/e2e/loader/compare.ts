/**
 * The big comparison: for every regular ELF file of a root, the model's answer against the real loader's. As a script:
 * `node test/e2e/loader/compare.ts ROOT LOADER [DIRECTORY…]` prints the classes and every disagreement.
 * @module
 */
import { closeSync, type Dirent, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { createLoaderCache } from '../../../src/loader/cache.ts';
import { loadProgram } from '../../../src/loader/load.ts';
import type { LoadResult } from '../../../src/loader/types.ts';
import { diskFiles } from './disk-files.ts';
import { askLoader, cpuOf, type RealAnswer, type RealOptions } from './real.ts';

export interface Comparison {
  /** Class → number of files on which both agree. */
  readonly classes: ReadonlyMap<string, number>;
  readonly disagreements: readonly { readonly file: string; readonly why: string }[];
  readonly files: number;
  /** Of the model alone. */
  readonly milliseconds: number;
}

/** Places that are not part of a root, or change while one looks. */
const SKIPPED = new Set(['/proc', '/sys', '/dev', '/run', '/tmp', '/var/tmp', '/work']);

export async function compareRoot(root: string, loader: string, under: readonly string[] = ['/']): Promise<Comparison> {
  const files = under.flatMap((dir) => [...elfFiles(root, dir)]);
  const { cpu, platform } = await cpuOf(root, loader);
  const answers = await askLoader(files, { root, loader });
  return compareAnswers(answers, { root, loader }, { cpu, ...(platform === undefined ? {} : { platform }) });
}

export async function compareAnswers(
  answers: readonly RealAnswer[],
  { root, loader, env, cwd }: RealOptions,
  { cpu, platform }: { cpu: string; platform?: string },
): Promise<Comparison> {
  const cache = createLoaderCache(diskFiles(root));
  const classes = new Map<string, number>();
  const disagreements: { file: string; why: string }[] = [];
  const options = {
    cache,
    interpreter: loader,
    invocation: 'interpreter' as const,
    cpu,
    ...(platform === undefined ? {} : { platform }),
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
  };
  let milliseconds = 0;
  for (const answer of answers) {
    const started = performance.now();
    const result = await loadProgram(cache.files, answer.file, options).catch((error: Error) => error);
    milliseconds += performance.now() - started;
    const verdict = judge(answer, result);
    if (verdict.agree) classes.set(verdict.what, (classes.get(verdict.what) ?? 0) + 1);
    else disagreements.push({ file: answer.file, why: verdict.what });
  }
  return { classes, disagreements, files: answers.length, milliseconds };
}

type Verdict = { readonly agree: boolean; readonly what: string };

function judge(real: RealAnswer, result: LoadResult | Error): Verdict {
  if (real.status > 127 || /Inconsistency detected/.test(real.output)) return judgeCrash(real, result);
  if (real.error !== undefined) return judgeError(real.error, result);
  if (result instanceof Error) return { agree: false, what: `real: loads; model: ${result.message}` };
  if (result.fatal !== undefined) return { agree: false, what: `real: loads; model: ${result.fatal.message}` };
  if (real.isStatic) {
    return { agree: isAlone(result), what: isAlone(result) ? 'static' : 'real: static; model: loads more' };
  }
  return judgeLists(real, result);
}

/** Given a static executable the loader follows a null pointer; an assertion in it must be foreseen as a failure. */
function judgeCrash(real: RealAnswer, result: LoadResult | Error): Verdict {
  const assertion = /Assertion `(.*?)' failed/.exec(real.output)?.[1];
  const how = assertion ?? `signal ${real.status - 128}`;
  if (result instanceof Error || result.fatal !== undefined) return { agree: true, what: `loader crashes: ${how}` };
  if (assertion === undefined && isAlone(result)) return { agree: true, what: 'static' };
  return { agree: false, what: `real: crashes (${how}); model: loads` };
}

function isAlone({ objects, missing }: LoadResult): boolean {
  return missing.length === 0 && objects.every(({ via }) => via === 'program' || via === 'interpreter');
}

function judgeError(error: string, result: LoadResult | Error): Verdict {
  const message = result instanceof Error ? result.message : result.fatal?.message;
  if (message === error) return { agree: true, what: `refused: ${reasonOf(error)}` };
  return { agree: false, what: `real: ${error}\n  model: ${message ?? 'loads'}` };
}

/** The message without the path it begins with. */
function reasonOf(error: string): string {
  return error.slice(error.indexOf(': ') + 2);
}

function judgeLists(real: RealAnswer, result: LoadResult): Verdict {
  const realFound = real.objects.filter(({ path }) => path !== undefined).map(({ name, path }) => `${name} => ${path}`);
  const listed = result.objects.filter(
    ({ via, by }) => via !== 'program' && !(via === 'interpreter' && by === undefined),
  );
  const modelFound = listed.map(({ name, path }) => `${name} => ${path}`);
  const realMissing = real.objects.filter(({ path }) => path === undefined).map(({ name }) => name);
  const modelMissing = [...result.missing, ...result.skipped]
    .filter(({ via }) => via !== 'preload')
    .map(({ name }) => name);
  const paths = new Map(result.objects.map(({ path, realPath }) => [path, realPath]));
  const physical = (path: string) => paths.get(path) ?? path;
  const realVersions = real.versions.map((v) => `${physical(v.object)} ${v.version} ${physical(v.provider)}`);
  const modelVersions = result.missingVersions.map((v) => `${v.object} ${v.version} ${v.provider}`);
  for (const [what, a, b] of [
    ['objects', realFound, modelFound],
    ['missing', realMissing.sort(), modelMissing.sort()],
    ['versions', realVersions.sort(), modelVersions.sort()],
  ] as const) {
    if (a.join('\n') !== b.join('\n'))
      return { agree: false, what: `${what}:\n  real:  ${a.join('\n         ')}\n  model: ${b.join('\n         ')}` };
  }
  if (realVersions.length > 0) return { agree: true, what: 'resolved, versions missing' };
  return { agree: true, what: realMissing.length > 0 ? 'resolved, libraries missing' : 'resolved' };
}

/** Paths in the root of all regular files that begin as ELF does; names with newlines are left out. */
export function* elfFiles(root: string, dir: string): Generator<string> {
  const base = root.replace(/\/+$/, '');
  const stack = [dir === '/' ? '' : dir];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const entries: Dirent[] = readdirSync(`${base}${at}/`, { withFileTypes: true });
    for (const entry of entries) {
      const path = `${at}/${entry.name}`;
      if (entry.isDirectory() && !SKIPPED.has(path)) stack.push(path);
      else if (entry.isFile() && !entry.name.includes('\n') && isElf(`${base}${path}`)) yield path;
    }
  }
}

function isElf(path: string): boolean {
  if (lstatSync(path).size < 4) return false;
  const head = Buffer.alloc(4);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, head, 0, 4, 0);
  } finally {
    closeSync(fd);
  }
  return head.toString('latin1') === '\u007fELF';
}

export function table(comparison: Comparison): string {
  const rows = [...comparison.classes]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${String(count).padStart(7)}  ${name}`);
  const disagree = comparison.disagreements.map(({ file, why }) => `DISAGREE ${file}\n  ${why}`);
  const each = comparison.milliseconds / Math.max(1, comparison.files);
  return [
    ...rows,
    ...disagree,
    `${comparison.files} files, ${disagree.length} disagreements, ${each.toFixed(3)} ms a file`,
  ].join('\n');
}

if (import.meta.main) {
  const [root = '/', loader = '/lib64/ld-linux-x86-64.so.2', ...under] = process.argv.slice(2);
  process.stdout.write(`${table(await compareRoot(root, loader, under.length > 0 ? under : ['/']))}\n`);
}
