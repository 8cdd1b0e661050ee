/**
 * What a loader binary says of itself: which libc it belongs to, its version, and for glibc the directories, names and CPU
 * levels that were baked into it when it was built. Taken from the strings of its read-only data.
 * @module
 */
import type { Elf } from '../formats/elf/types.ts';
import type { LoaderCache } from './cache.ts';
import { type Machine, machineOf, type Target } from './machine.ts';
import type { Libc } from './types.ts';

/** A loader is some 200 KB (glibc) to 700 KB (musl); anything much larger is none. */
const LIMIT = 16 * 1024 * 1024;

export interface Interpreter {
  readonly libc: Libc;
  /** `2.36`, `1.2.3`. */
  readonly version: string | undefined;
  readonly target: Target;
  readonly machine: Machine | undefined;
  /** DT_SONAME. */
  readonly soname: string | undefined;
  /** glibc: searched last, in order, each with a slash at its end. */
  readonly systemDirs: readonly string[];
  /** What `$LIB` stands for. */
  readonly lib: string;
  /** glibc-hwcaps subdirectories it knows, best first. */
  readonly levels: readonly string[];
  readonly cachePath: string;
  /** See `Verifier`. */
  readonly machineFirst: boolean;
}

/** @param target what the loader is for; a loader that is not there is made up from the table of machines */
export async function readInterpreter(
  cache: LoaderCache,
  path: string | undefined,
  target: Target,
): Promise<Interpreter> {
  const found = path === undefined ? undefined : await cache.find(path);
  if (found?.kind === 'file' && found.node.content.size <= LIMIT) {
    const { elf } = await cache.binary(found.node);
    const { node } = found;
    if (elf !== undefined) {
      return cache.memo(`interpreter:${found.realPath}`, async () => describe(elf, await cache.files.read(node), path));
    }
  }
  return assumed(cache, path, target);
}

function describe(elf: Elf, bytes: Uint8Array, path: string | undefined): Interpreter {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const libc = libcOf(elf, text, path);
  const machine = machineOf(elf);
  const systemDirs = bakedDirectories(text);
  return {
    libc,
    version: libc === 'musl' ? muslVersion(text) : /release version (\d+\.\d+)/.exec(text)?.[1],
    target: elf,
    machine,
    soname: elf.dynamic?.soname,
    systemDirs: systemDirs.length > 0 ? systemDirs : upstreamDirs(machine),
    lib: bakedLib(text, systemDirs[0] ?? `/${machine?.libDir ?? 'lib'}/`),
    levels:
      /\0((?:x86-64-v\d+|z\d+|power\d+|la\d+)(?::(?:x86-64-v\d+|z\d+|power\d+|la\d+))*)\0/
        .exec(text)?.[1]
        ?.split(':') ?? [],
    cachePath: /\0(\/[^\0]*ld\.so\.cache)\0/.exec(text)?.[1] ?? '/etc/ld.so.cache',
    machineFirst: /\((?:Debian|Ubuntu) E?GLIBC /.test(text),
  };
}

async function assumed(cache: LoaderCache, path: string | undefined, target: Target): Promise<Interpreter> {
  const machine = machineOf(target);
  const dirs = upstreamDirs(machine);
  const tuple = machine?.tuple ?? '';
  const multiarch = tuple !== '' && (await cache.isDirectory(`/usr/lib/${tuple}`));
  return {
    libc: libcByName(path ?? ''),
    version: undefined,
    target,
    machine,
    soname: path?.slice(path.lastIndexOf('/') + 1),
    systemDirs: multiarch ? [`/lib/${tuple}/`, `/usr/lib/${tuple}/`, '/lib/', '/usr/lib/'] : dirs,
    lib: multiarch ? `lib/${tuple}` : (machine?.libDir ?? 'lib'),
    levels: [],
    cachePath: '/etc/ld.so.cache',
    machineFirst: multiarch,
  };
}

function upstreamDirs(machine: Machine | undefined): string[] {
  const name = machine?.libDir ?? 'lib';
  return [`/${name}/`, `/usr/${name}/`];
}

/** glibc's SYSTEM_DIRS: one array of strings that begin and end with a slash, each ended by a NUL. */
function bakedDirectories(text: string): string[] {
  let best: string[] = [];
  for (const run of text.matchAll(/(?<=\0)(?:\/(?:[!-.0-~]+\/)+\0)+/g)) {
    const dirs = run[0].split('\0').filter((one) => one !== '');
    if (dirs.some((one) => one.includes('lib')) && dirs.length > best.length) best = dirs;
  }
  return best;
}

/** DL_DST_LIB: Debian's has the multiarch tuple (`lib/x86_64-linux-gnu`), upstream's is the last component alone. */
function bakedLib(text: string, first: string): string {
  const whole = first.replace(/^\/(?:usr\/)?|\/$/g, '');
  return text.includes(`\0${whole}\0`) ? whole : whole.slice(whole.lastIndexOf('/') + 1);
}

function libcOf(elf: Elf, text: string, path: string | undefined): Libc {
  if (text.includes('musl libc (')) return 'musl';
  if (elf.dynamic?.versionsDefined.includes('GLIBC_PRIVATE')) return 'glibc';
  if (text.includes('uClibc')) return 'uclibc';
  return libcByName(path ?? elf.dynamic?.soname ?? '');
}

/** Which libc a program is for, by the name of its loader. */
export function libcByName(interpreter: string): Libc {
  const name = interpreter.slice(interpreter.lastIndexOf('/') + 1);
  if (/^ld-musl-/.test(name)) return 'musl';
  if (/uclibc/i.test(name)) return 'uclibc';
  if (/^linker(?:64|_asan\w*)?$/.test(name)) return 'bionic';
  if (/^ld(?:-linux|64|-2\.|\.so)/.test(name)) return 'glibc';
  return 'unknown';
}

/** The version stands by itself beside the text of the loader's usage. */
function muslVersion(text: string): string | undefined {
  return /\0(\d+\.\d+\.\d+(?:[-.][\w.-]+)?)\0/.exec(text)?.[1];
}
