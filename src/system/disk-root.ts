/**
 * A directory of this machine as a root filesystem, looked at one path at a time: `host:` and `rootfs:DIR`. Nothing is read
 * before it is asked for, so that packing one program never walks a disk.
 *
 * The kernel's own file systems (proc, sysfs, cgroup …) are seen as empty directories. What is mounted in memory (tmpfs: /run,
 * /dev, often /tmp) can be looked up, and is left out when the whole tree is asked for.
 * @module
 */
import { type BigIntStats, lstatSync, readdirSync, readlinkSync, statfsSync } from 'node:fs';
import { fromSystem, ImageError, systemCode } from '../base/errors.ts';
import { decodeName, encodeName, hasEscapes, printableName } from '../base/names.ts';
import { dirname } from '../base/path.ts';
import type { DirInfo, LinkToken, Meta, NodeInfo } from '../model/node.ts';
import { metaInterner } from '../model/node.ts';
import { type Resolution, type ResolveOptions, resolving } from '../model/resolve.ts';
import type { Files } from '../ports/files.ts';
import type { Run } from '../ports/run.ts';
import { readFileNode } from '../ports/tree-files.ts';
import { fileBlob } from './file-blob.ts';
import { readXattrs, splitDevice } from './linux.ts';

/** The answers of {@link Files} at once, since the calls beneath do not wait. @throws ImageError DENIED */
export interface RootReader {
  lookup(path: string): NodeInfo | undefined;
  list(path: string): readonly string[] | undefined;
  /** Whether a directory holds what the machine keeps in memory only, and is left out of the tree. */
  isVolatile(path: string): boolean;
}

/**
 * The port over a reader. A directory that the user may not search counts as absent, as it does for a program that the user
 * starts, and is named in a warning.
 * @param unmissed whether nobody misses what a directory holds: then there is no warning that it cannot be listed
 */
export function rootFiles(
  reader: RootReader,
  report: Run['report'],
  unmissed: (dir: string) => boolean = () => false,
): Files {
  const warned = new Set<string>();
  const permitted = <T>(path: string, look: (path: string) => T): T | undefined => {
    try {
      return look(path);
    } catch (error) {
      if (!(error instanceof ImageError) || error.code !== 'DENIED') throw error;
      if (look === reader.list && unmissed(path)) return undefined;
      const text = `${error.message}; it counts as absent, and nothing in it can go into an image`;
      if (!warned.has(text)) report?.({ type: 'warning', text });
      warned.add(text);
      return undefined;
    }
  };
  const lookup = (path: string) => permitted(path, reader.lookup);
  return {
    lookup: async (path) => lookup(path),
    list: async (path) => permitted(path, reader.list),
    resolve: async (path, options) => resolve(lookup, path, options),
    read: readFileNode,
  };
}

function resolve(lookup: (path: string) => NodeInfo | undefined, path: string, options?: ResolveOptions): Resolution {
  const steps = resolving(path, options);
  let step = steps.next();
  while (!step.done) step = steps.next(lookup(step.value));
  return step.value;
}

/** What is known about a directory that has been met: enough to go on below it. */
interface Place {
  readonly kind: MountKind;
  readonly dev: bigint;
}

/** `kernel`: nothing in it is a file; `memory`: gone at the next boot. */
type MountKind = 'disk' | 'memory' | 'kernel';

/** @param root the directory; its own name may be a symbolic link, nothing below it is followed */
export function rootReader(root: string): RootReader {
  const base = root === '/' ? '' : root.replace(/\/+$/, '');
  const places = new Map<string, Place | undefined>();
  const links = new Map<string, LinkToken>();
  const intern = metaInterner();
  const mounts = mountKinds();
  const onDisk = (path: string): string | Buffer => {
    const full = path === '/' ? `${base}/` : base + path;
    return hasEscapes(full) ? encodeName(full) : full;
  };

  /** The directory at a physical path, or undefined where there is none: its parents are real directories too. */
  const placeOf = (path: string): Place | undefined => {
    const known = places.get(path);
    if (known !== undefined || places.has(path)) return known;
    const stats = statOf(path);
    const place = stats?.isDirectory() ? enter(path, stats) : undefined;
    places.set(path, place);
    return place;
  };

  const enter = (path: string, stats: BigIntStats): Place => {
    const parent = path === '/' ? undefined : placeOf(dirname(path));
    if (parent === undefined) return { kind: 'disk', dev: stats.dev };
    return { kind: parent.dev === stats.dev ? parent.kind : mounts(stats.dev, onDisk(path)), dev: stats.dev };
  };

  const statOf = (path: string): BigIntStats | undefined => {
    if (path !== '/') {
      const parent = placeOf(dirname(path));
      if (parent === undefined || parent.kind === 'kernel') return undefined;
    }
    return lstat(onDisk(path));
  };

  const nodeOf = (path: string, stats: BigIntStats): NodeInfo | undefined => {
    const disk = onDisk(path);
    const common = {
      meta: intern(metaOf(disk, stats)),
      mtime: Number(floorDiv(stats.mtimeNs)),
      mtimeNs: Number(((stats.mtimeNs % BILLION) + BILLION) % BILLION),
    };
    if (stats.isDirectory()) return { kind: 'dir', ...common } satisfies DirInfo;
    const leaf = { ...common, link: linkOf(stats) };
    if (stats.isFile()) {
      const blob = fileBlob(disk, stats);
      return { kind: 'file', ...leaf, content: { kind: 'slice', blob, offset: 0, size: Number(stats.size) } };
    }
    if (stats.isSymbolicLink()) return { kind: 'symlink', ...leaf, target: readLink(disk) };
    if (stats.isFIFO()) return { kind: 'fifo', ...leaf };
    if (stats.isSocket()) return undefined; // a socket is its process's: it means nothing in an image
    return { kind: stats.isBlockDevice() ? 'block' : 'char', ...leaf, ...splitDevice(stats.rdev) };
  };

  const linkOf = (stats: BigIntStats): LinkToken | undefined => {
    if (stats.nlink < 2n) return undefined;
    const key = `${stats.dev}:${stats.ino}`;
    const known = links.get(key) ?? { link: true };
    links.set(key, known);
    return known;
  };

  return {
    lookup(path) {
      const stats = statOf(path);
      return stats === undefined ? undefined : nodeOf(path, stats);
    },
    list(path) {
      const place = placeOf(path);
      if (place === undefined) return undefined;
      return place.kind === 'kernel' ? [] : readDirectory(onDisk(path));
    },
    isVolatile: (path) => path !== '/' && placeOf(path)?.kind !== 'disk',
  };
}

const BILLION = 1_000_000_000n;

/** Towards minus infinity: a time before 1970 has negative seconds and positive nanoseconds. */
function floorDiv(ns: bigint): bigint {
  return ns >= 0n ? ns / BILLION : -((-ns + BILLION - 1n) / BILLION);
}

function metaOf(path: string | Buffer, stats: BigIntStats): Meta {
  const xattrs = readXattrs(path);
  const ids = { mode: Number(stats.mode & 0o7777n), uid: Number(stats.uid), gid: Number(stats.gid) };
  return xattrs === undefined ? ids : { ...ids, xattrs };
}

/** File systems that are the kernel's own, by `f_type`: linux/magic.h. Autofs is here lest a look mounts something. */
const KERNEL_TYPES: ReadonlySet<number> = new Set([
  0x9fa0, // proc
  0x62656572, // sysfs
  0x1cd1, // devpts
  0x27e0eb, // cgroup
  0x63677270, // cgroup2
  0x64626720, // debugfs
  0x74726163, // tracefs
  0x73636673, // securityfs
  0xf97cff8c, // selinux
  0xcafe4a11, // bpf
  0x62656570, // configfs
  0x65735543, // fusectl
  0xde5e81e4, // efivarfs
  0x42494e4d, // binfmt_misc
  0x6165676c, // pstore
  0x958458f6, // hugetlbfs
  0x19800202, // mqueue
  0x6e736673, // nsfs
  0x0187, // autofs
]);
const MEMORY_TYPES: ReadonlySet<number> = new Set([0x01021994 /* tmpfs, devtmpfs */, 0x858458f6 /* ramfs */]);

/** Kind of the file system with that device number, asked for once. */
function mountKinds(): (dev: bigint, path: string | Buffer) => MountKind {
  const known = new Map<bigint, MountKind>();
  return (dev, path) => {
    const found = known.get(dev) ?? kindOf(path);
    known.set(dev, found);
    return found;
  };
}

function kindOf(path: string | Buffer): MountKind {
  try {
    // On 32-bit platforms the type may come as a negative number.
    const type = Number(BigInt.asUintN(32, statfsSync(path, { bigint: true }).type));
    return KERNEL_TYPES.has(type) ? 'kernel' : MEMORY_TYPES.has(type) ? 'memory' : 'disk';
  } catch (error) {
    throw fromSystem(error, `cannot look at ${shown(path)}`);
  }
}

function lstat(path: string | Buffer): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR' || systemCode(error) === 'ENOENT') return undefined;
    throw fromSystem(error, `cannot look at ${shown(path)}`);
  }
}

function readDirectory(path: string | Buffer): readonly string[] {
  try {
    return readdirSync(path, { encoding: 'buffer' }).map(decodeName).sort(byCodeUnit);
  } catch (error) {
    throw fromSystem(error, `cannot list ${shown(path)}`, 'run pare as a user who may read it');
  }
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : 1;
}

function readLink(path: string | Buffer): string {
  try {
    return decodeName(readlinkSync(path, { encoding: 'buffer' }));
  } catch (error) {
    throw fromSystem(error, `cannot read the link ${shown(path)}`);
  }
}

function shown(path: string | Buffer): string {
  return printableName(typeof path === 'string' ? path : decodeName(path));
}
