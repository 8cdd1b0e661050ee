/**
 * The big comparison: for every regular ELF file of a root, the model's answer against the real loader's. As a script:
 * `node test/e2e/loader/compare.ts ROOT LOADER [DIRECTORY…]` prints the classes and every disagreement.
 * @module
 */
import { closeSync, type Dirent, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { posix } from 'node:path';
import { createLoaderCache } from '../../../src/loader/cache.ts';
import { loadProgram } from '../../../src/loader/load.ts';
import type { LoadResult, MissingObject } from '../../../src/loader/types.ts';
import { diskFiles } from './disk-files.ts';
import { askLoader, cpuOf, type RealAnswer, type RealOptions } from './real.ts';

export interface Comparison {
  /** Class → number of files on which both agree. */
  readonly classes: ReadonlyMap<string, number>;
  readonly disagreements: readonly { readonly file: string; readonly why: string }[];
  readonly files: number;
  /** Processor time of the model alone. */
  readonly milliseconds: number;
}

/** Places that are not part of a root, or change while one looks. */
const SKIPPED = new Set(['/proc', '/sys', '/dev', '/run', '/tmp', '/var/tmp']);

/** Of this machine: all top-level directories but the one that this checkout is in, where work goes on. */
export function ownDirectories(): string[] {
  const own = new URL(import.meta.url).pathname.split('/')[1];
  const dirs = readdirSync('/', { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== own);
  return dirs.map(({ name }) => `/${name}`).filter((dir) => !SKIPPED.has(dir));
}

export async function compareRoot(root: string, loader: string, under: readonly string[] = ['/']): Promise<Comparison> {
  const files = under.flatMap((dir) => [...elfFiles(root, dir)]);
  const { cpu, platform } = await cpuOf(root, loader);
  const answers = await askLoader(files, { root, loader });
  return compareAnswers(answers, { root, loader }, { cpu, platform });
}

export interface Cpu {
  readonly cpu: string;
  readonly platform?: string | undefined;
}

export async function compareAnswers(answers: readonly RealAnswer[], real: RealOptions, cpu: Cpu): Promise<Comparison> {
  const cache = createLoaderCache(diskFiles(real.root));
  const classes = new Map<string, number>();
  const disagreements: { file: string; why: string }[] = [];
  let microseconds = 0;
  for (const answer of answers) {
    const started = process.cpuUsage();
    const result = await answerOf(answer.file, real, cpu, cache);
    const { user, system } = process.cpuUsage(started);
    microseconds += user + system;
    const verdict = judge(answer, result, real.cwd ?? '/');
    if (verdict.agree) classes.set(verdict.what, (classes.get(verdict.what) ?? 0) + 1);
    else disagreements.push({ file: answer.file, why: verdict.what });
  }
  return { classes, disagreements, files: answers.length, milliseconds: microseconds / 1000 };
}

/** The model's answer to what the real loader is asked; an error where it takes the file for no program at all. */
export async function answerOf(
  file: string,
  { root, loader, env, cwd }: RealOptions,
  { cpu, platform }: Cpu,
  cache = createLoaderCache(diskFiles(root)),
): Promise<LoadResult | Error> {
  const options = {
    cache,
    interpreter: loader,
    invocation: 'interpreter' as const,
    cpu,
    ...(platform === undefined ? {} : { platform }),
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
  };
  return loadProgram(cache.files, file, options).catch((error: Error) => error);
}

type Verdict = { readonly agree: boolean; readonly what: string };

function judge(real: RealAnswer, result: LoadResult | Error, cwd: string): Verdict {
  if (real.status > 127 || /Inconsistency detected/.test(real.output)) return judgeCrash(real, result);
  if (real.error !== undefined) return judgeError(real.error, result);
  if (result instanceof Error) return { agree: false, what: `real: loads; model: ${result.message}` };
  if (result.fatal !== undefined) return { agree: false, what: `real: loads; model: ${result.fatal.message}` };
  if (real.isStatic) {
    return { agree: isAlone(result), what: isAlone(result) ? 'static' : 'real: static; model: loads more' };
  }
  return judgeLists(real, result, cwd);
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

/** The reason must be the same. The loader begins with the name that was asked for or with a path, the model with the path. */
function judgeError(error: string, result: LoadResult | Error): Verdict {
  const message = result instanceof Error ? result.message : result.fatal?.message;
  if (message === CUT && reasonOf(error) === 'file too short') return { agree: true, what: 'refused: file too short' };
  const agree = message !== undefined && reasonOf(message) === reasonOf(error) && fileOf(message) === fileOf(error);
  return agree
    ? { agree, what: `refused: ${reasonOf(error)}` }
    : { agree, what: `real: ${error}\n  model: ${message ?? 'loads'}` };
}

/** Of a program the model reads the header before it plays the loader, and says in its own words what is wrong there. */
const CUT = 'broken ELF file: it ends inside its header';

function reasonOf(error: string): string {
  return error.slice(error.indexOf(': ') + 2);
}

function fileOf(error: string): string {
  return posix.basename(error.slice(0, error.indexOf(': ')));
}

function judgeLists(real: RealAnswer, result: LoadResult, cwd: string): Verdict {
  const physical = new Map(result.objects.map(({ path, realPath }) => [path, realPath]));
  const at = (path: string) => physical.get(path) ?? path;
  // A loader that nothing needs comes last; only glibc's newer ones list it.
  const last = result.objects.at(-1);
  const unlisted =
    last?.via === 'interpreter' && last.by === undefined && real.objects.every(({ path }) => path !== last.path);
  const listed = result.objects.slice(1, unlisted ? -1 : undefined);
  const aspects: [what: string, real: readonly string[], model: readonly string[]][] = [
    [
      'objects',
      real.objects.flatMap(({ name, path }) => (path === undefined ? [] : `${name} => ${absolute(cwd, path)}`)),
      listed.map(({ name, path }) => `${name} => ${path}`),
    ],
    [
      'missing',
      real.objects.flatMap(({ name, path }) => (path === undefined ? name : [])).sort(),
      [...result.missing, ...result.skipped.filter(isListed)].map(({ name }) => name).sort(),
    ],
    [
      'versions',
      real.versions.map((one) => `${at(one.object)} ${one.version} ${at(one.provider)}`).sort(),
      result.missingVersions.map((one) => `${one.object} ${one.version} ${one.provider}`).sort(),
    ],
  ];
  for (const [what, a, b] of aspects) {
    if (a.join('\n') !== b.join('\n')) return { agree: false, what: difference(what, a, b) };
  }
  if (result.missingVersions.length > 0) return { agree: true, what: 'resolved, versions missing' };
  return { agree: true, what: result.missing.length > 0 ? 'resolved, libraries missing' : 'resolved' };
}

/** An auxiliary filtee that is not there is listed as not found; one that is of no use is not listed at all. */
function isListed({ via, tried }: MissingObject): boolean {
  return via === 'auxiliary' && tried.length > 0;
}

function absolute(cwd: string, path: string): string {
  return path.startsWith('/') ? path : `${cwd === '/' ? '' : cwd}/${path}`;
}

function difference(what: string, real: readonly string[], model: readonly string[]): string {
  return `${what}:\n  real:  ${real.join('\n         ')}\n  model: ${model.join('\n         ')}`;
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
  process.stdout.write(
    `${table(await compareRoot(root, loader, under.length > 0 ? under : root === '/' ? ownDirectories() : ['/']))}\n`,
  );
}
