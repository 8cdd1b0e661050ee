/**
 * How large an image of a program may be: its loader closure, the files that strace saw opened while it did its work on the
 * machine itself, and its runtime's standard library, and a tenth more.
 * @module
 */
import { realpath, stat } from 'node:fs/promises';
import type { ProgramCase } from './case.ts';
import { command, output } from './command.ts';
import { nativeRunner } from './native.ts';
import type { Servers } from './servers.ts';

export interface Ceiling {
  /** Bytes of regular files, a hard-linked one once, before the tenth more. */
  readonly floor: number;
  readonly ceiling: number;
  readonly closureFiles: number;
  readonly openedFiles: number;
  readonly libraryFiles: number;
}

const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

export async function ceilingOf(one: ProgramCase, servers: Servers): Promise<Ceiling> {
  const path = (await output(['sh', '-c', 'command -v "$0"', one.program], { env: { PATH } })).trim();
  const closure = await loaderClosure(path);
  const opened = await tracedFiles(one, servers);
  const library = await standardLibrary(one.standardLibrary ?? []);
  const floor = await sizeOf([path, ...closure, ...opened, ...library]);
  return {
    floor,
    ceiling: Math.round(floor * 1.1),
    closureFiles: closure.length,
    openedFiles: opened.length,
    libraryFiles: library.length,
  };
}

/** What the real loader maps; a static program has none. */
async function loaderClosure(path: string): Promise<string[]> {
  const listed = await command(['env', '-i', 'LD_TRACE_LOADED_OBJECTS=1', path]);
  if (listed.status !== 0 || !/=>|ld-/.test(listed.stdout)) return [];
  return [...listed.stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, library]) => library as string);
}

async function tracedFiles(one: ProgramCase, servers: Servers): Promise<readonly string[]> {
  await using runner = await nativeRunner(one, servers, { trace: true });
  await one.test(runner, servers);
  return await runner.opened();
}

/** Regular files of the packages, without documentation. */
async function standardLibrary(packages: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(packages.map((name) => output(['dpkg', '-L', name])));
  const paths = lists.flatMap((list) => list.split('\n')).filter((path) => path !== '');
  return paths.filter((path) => !/^\/usr\/share\/(doc|man|lintian|perl5\/.*\.pod)/.test(path));
}

async function sizeOf(paths: readonly string[]): Promise<number> {
  const inodes = new Map<string, number>();
  for (const path of paths) {
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined) continue;
    const info = await stat(real);
    if (info.isFile()) inodes.set(`${info.dev}:${info.ino}`, info.size);
  }
  let sum = 0;
  for (const size of inodes.values()) sum += size;
  return sum;
}
