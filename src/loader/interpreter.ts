/**
 * What a loader binary says of itself: which libc it belongs to, its version, and for glibc the directories, names and CPU
 * levels that were baked into it when it was built. Taken from the strings in it.
 * @module
 */
import type { Elf } from '../formats/elf/types.ts';
import type { LoaderCache } from './cache.ts';
import { type Machine, machineOf, type Target } from './machine.ts';
import type { Opened } from './opened.ts';
import type { Libc, MissingObject } from './types.ts';

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
  /** It searches the older scheme of subdirectories too (glibc ≤ 2.36). */
  readonly legacyHwcaps: boolean;
  /** It passes over objects whose note says they are for another system (glibc ≤ 2.35). */
  readonly checksAbiTag: boolean;
  readonly cachePath: string;
  /** See `Verifier`. */
  readonly machineFirst: boolean;
  /** `ARCH` of `/etc/ld-musl-ARCH.path`. */
  readonly muslArch: string | undefined;
}

export type InterpreterFile =
  | { readonly kind: 'fit'; readonly file: Opened }
  | { readonly kind: 'unfit'; readonly rejected: MissingObject['rejected'] };

/** The loader at an absolute path, if it is one that programs like `program` can be started by. */
export async function findInterpreter(cache: LoaderCache, path: string, program: Elf): Promise<InterpreterFile> {
  const found = await cache.find(path);
  if (found.kind === 'missing') return { kind: 'unfit', rejected: [] };
  const unfit = (why: string): InterpreterFile => ({ kind: 'unfit', rejected: [{ path, why }] });
  if (found.kind === 'other') return unfit(`is a ${found.node.kind}`);
  const { head, elf } = await cache.binary(found.node);
  if (elf === undefined) return unfit('is no ELF file');
  if (!sameMachine(elf, program)) {
    return unfit(`for machine ${elf.machine}, ${elf.bits} bits, ${elf.endian} endian`);
  }
  const { realPath, hops, node } = found;
  return { kind: 'fit', file: { path, realPath, hops, head, elf, identity: node.link ?? realPath } };
}

/**
 * Facts of the loader at an absolute path; of one that is not there or cannot start the program, what is usual for the
 * program's machine.
 * @param chosen the caller named the loader: then it counts whatever it is for
 */
export async function readInterpreter(
  cache: LoaderCache,
  path: string | undefined,
  program: Elf,
  { chosen = false } = {},
): Promise<Interpreter> {
  const found = path === undefined ? undefined : await cache.find(path);
  if (found?.kind === 'file' && found.node.content.size <= LIMIT) {
    const { node, realPath } = found;
    const { elf } = await cache.binary(node);
    if (elf !== undefined && (chosen || sameMachine(elf, program))) {
      return cache.memo(`interpreter:${realPath}`, async () => describe(elf, await cache.files.read(node), path ?? ''));
    }
  }
  return assumed(cache, path, program);
}

function sameMachine(a: Elf, b: Elf): boolean {
  return a.machine === b.machine && a.bits === b.bits && a.endian === b.endian;
}

function describe(elf: Elf, bytes: Uint8Array, path: string): Interpreter {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const libc = libcOf(elf, text, path);
  const machine = machineOf(elf);
  const baked = bakedDirectories(text);
  const systemDirs = baked.length > 0 ? baked : upstreamDirectories(machine);
  const version = libc === 'musl' ? muslVersion(text) : /release version (\d+\.\d+)/.exec(text)?.[1];
  return {
    libc,
    version,
    target: elf,
    machine,
    soname: elf.dynamic?.soname,
    systemDirs,
    lib: bakedLib(text, systemDirs[0] ?? '/lib/'),
    levels: LEVELS.exec(text)?.[1]?.split(':') ?? [],
    legacyHwcaps: libc === 'glibc' && text.includes('\0tls\0'),
    checksAbiTag: libc === 'glibc' && isBefore(version, 36),
    cachePath: /\0(\/[^\0]*ld\.so\.cache)\0/.exec(text)?.[1] ?? '/etc/ld.so.cache',
    machineFirst: /\((?:Debian|Ubuntu) E?GLIBC /.test(text),
    muslArch: /musl libc \(([\w.-]+)\)/.exec(text)?.[1],
  };
}

/** `_dl_hwcaps_subdirs`, a list such as `x86-64-v4:x86-64-v3:x86-64-v2`. */
const LEVELS = /\0((?:x86-64-v\d+|z\d+|power\d+)(?::(?:x86-64-v\d+|z\d+|power\d+))+)\0/;

async function assumed(cache: LoaderCache, path: string | undefined, program: Elf): Promise<Interpreter> {
  const machine = machineOf(program);
  const tuple = machine?.tuple ?? 'none';
  const multiarch = await cache.isDirectory(`/usr/lib/${tuple}`);
  return {
    libc: libcByName(path ?? ''),
    version: undefined,
    target: program,
    machine,
    soname: path?.slice(path.lastIndexOf('/') + 1),
    systemDirs: multiarch
      ? [`/lib/${tuple}/`, `/usr/lib/${tuple}/`, '/lib/', '/usr/lib/']
      : upstreamDirectories(machine),
    lib: multiarch ? `lib/${tuple}` : (machine?.libDir ?? 'lib'),
    levels: [],
    legacyHwcaps: false,
    checksAbiTag: false,
    cachePath: '/etc/ld.so.cache',
    machineFirst: multiarch,
    muslArch: machine?.musl,
  };
}

function upstreamDirectories(machine: Machine | undefined): string[] {
  const name = machine?.libDir ?? 'lib';
  return [`/${name}/`, `/usr/${name}/`];
}

/** glibc's SYSTEM_DIRS: one array of strings that begin and end with a slash, each ended by a NUL. */
function bakedDirectories(text: string): string[] {
  let best: string[] = [];
  for (const [run] of text.matchAll(/(?<=\0)(?:\/(?:[!-.0-~]+\/)+\0)+/g)) {
    const dirs = run.split('\0').filter((one) => one !== '');
    if (dirs.length > best.length && dirs.some((one) => one.includes('lib'))) best = dirs;
  }
  return best;
}

/** DL_DST_LIB: Debian's has the multiarch tuple (`lib/x86_64-linux-gnu`), upstream's is the last component alone. */
function bakedLib(text: string, first: string): string {
  const whole = first.replace(/^\/(?:usr\/)?|\/$/g, '');
  return text.includes(`\0${whole}\0`) ? whole : whole.slice(whole.lastIndexOf('/') + 1);
}

function libcOf(elf: Elf, text: string, path: string): Libc {
  if (text.includes('musl libc (')) return 'musl';
  if (elf.dynamic?.versionsDefined.includes('GLIBC_PRIVATE')) return 'glibc';
  if (text.includes('uClibc')) return 'uclibc';
  return libcByName(path);
}

/** Which libc a program is for, by the path of its loader. */
export function libcByName(interpreter: string): Libc {
  const name = interpreter.slice(interpreter.lastIndexOf('/') + 1);
  if (/^ld-musl-/.test(name)) return 'musl';
  if (/uclibc/i.test(name)) return 'uclibc';
  if (/^linker(?:64|_asan\w*)?$/.test(name)) return 'bionic';
  if (/^ld(?:-linux|64|-2\.|\.so)/.test(name)) return 'glibc';
  return 'unknown';
}

/** Whether glibc is older than 2.MINOR; loaders before 2.33 do not say their version. */
function isBefore(version: string | undefined, minor: number): boolean {
  const [major = 2, own = 0] = (version ?? '2.0').split('.').map(Number);
  return major < 2 || (major === 2 && own < minor);
}

/** It stands by itself among the strings. */
function muslVersion(text: string): string | undefined {
  return /\0(\d+\.\d+\.\d+(?:[-.][\w.-]+)?)\0/.exec(text)?.[1];
}
