/**
 * System calls that Node.js has no function for, through koffi: extended attributes, device nodes, times in nanoseconds,
 * flock, mounts. Failures are thrown as Node.js throws its own, with `code`, `syscall` and `path`.
 * @module
 */
import { getSystemErrorName } from 'node:util';
import { bindLibrary, check, cString, type Library, needLibrary, type PathLike } from './libc.ts';

/** Every one of these calls says -1 for failure. */
const SIGNATURES = {
  llistxattr: ['intptr_t', ['void *', 'void *', 'size_t']],
  lgetxattr: ['intptr_t', ['void *', 'void *', 'void *', 'size_t']],
  lsetxattr: ['int', ['void *', 'void *', 'void *', 'size_t', 'int']],
  mknod: ['int', ['void *', 'uint32_t', 'uint64_t']],
  utimensat: ['int', ['int', 'void *', 'void *', 'int']],
  flock: ['int', ['int', 'int']],
  mount: ['int', ['void *', 'void *', 'void *', 'uint64_t', 'void *']],
  umount2: ['int', ['void *', 'int']],
} as const;

const open = bindLibrary(SIGNATURES);

/** Whether these calls can be made here. Where not, files are read without extended attributes and written without devices. */
export function hasSystemCalls(): boolean {
  return open() !== null;
}

const libraryFor = (doing: string) => needLibrary(open(), doing);

// Extended attributes, xattr(7). A link's own are meant, never those of what it points to.

/** All attributes the caller may see, by full name; undefined where there are none, or the file system has no such thing. */
export function readXattrs(path: PathLike): ReadonlyMap<string, Uint8Array> | undefined {
  const libc = open();
  if (libc === null) return undefined;
  const target = cString(path);
  const size = libc.llistxattr(target, null, 0);
  if (size === 0) return undefined;
  if (size < 0) {
    if (getSystemErrorName(-libc.errno()) === 'ENOTSUP') return undefined;
    check(libc, size, 'llistxattr', path);
  }
  const list = growing(libc, 'llistxattr', path, size, (buffer) => libc.llistxattr(target, buffer, buffer.length));
  const found = new Map<string, Uint8Array>();
  for (const name of list.toString('utf8').split('\0')) {
    if (name === '') continue;
    const key = cString(name);
    const value = growing(libc, 'lgetxattr', path, 256, (buffer) => libc.lgetxattr(target, key, buffer, buffer.length));
    found.set(name, value);
  }
  return found.size === 0 ? undefined : found;
}

/** Calls with larger and larger buffers, since an attribute may grow between asking for its size and reading it. */
function growing(
  from: Library<typeof SIGNATURES>,
  syscall: string,
  path: PathLike,
  size: number,
  call: (buffer: Buffer) => number,
): Buffer {
  for (let length = Math.max(size, 256); ; length *= 4) {
    const buffer = Buffer.alloc(length);
    const got = call(buffer);
    if (got >= 0) return buffer.subarray(0, got);
    if (getSystemErrorName(-from.errno()) !== 'ERANGE' || length > 1 << 20) check(from, got, syscall, path);
  }
}

export function writeXattr(path: PathLike, name: string, value: Uint8Array): void {
  const libc = libraryFor('write extended attributes');
  check(libc, libc.lsetxattr(cString(path), cString(name), Buffer.from(value), value.length, 0), 'lsetxattr', path);
}

// Nodes and times

const S_IFIFO = 0o010000;
const S_IFCHR = 0o020000;
const S_IFBLK = 0o060000;
const NODE_TYPES = { fifo: S_IFIFO, char: S_IFCHR, block: S_IFBLK } as const;

/** mknod(2). @param mode permission bits, before the umask */
export function makeNode(
  path: PathLike,
  kind: keyof typeof NODE_TYPES,
  mode: number,
  device: { readonly major: number; readonly minor: number } = { major: 0, minor: 0 },
): void {
  const libc = libraryFor('make device nodes');
  check(libc, libc.mknod(cString(path), NODE_TYPES[kind] | mode, joinDevice(device)), 'mknod', path);
}

/** The number of a device as gnu_dev_makedev(3) packs it. */
function joinDevice({ major, minor }: { readonly major: number; readonly minor: number }): bigint {
  const [hi, lo] = [BigInt(major), BigInt(minor)];
  return ((hi & 0xfffff000n) << 32n) | ((hi & 0xfffn) << 8n) | ((lo & 0xffffff00n) << 12n) | (lo & 0xffn);
}

/** The inverse of makedev, for `st_rdev`. */
export function splitDevice(device: bigint): { major: number; minor: number } {
  return {
    major: Number(((device >> 32n) & 0xfffff000n) | ((device >> 8n) & 0xfffn)),
    minor: Number(((device >> 12n) & 0xffffff00n) | (device & 0xffn)),
  };
}

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const UTIME_OMIT = 0x3ffffffen;

/** Sets the time of last modification, of a link itself; utimensat(2). The time of last access stays. */
export function setMtime(path: PathLike, seconds: number, nanoseconds: number): void {
  const libc = libraryFor('set times');
  const times = Buffer.alloc(32);
  times.writeBigInt64LE(UTIME_OMIT, 8);
  times.writeBigInt64LE(BigInt(seconds), 16);
  times.writeBigInt64LE(BigInt(nanoseconds), 24);
  check(libc, libc.utimensat(AT_FDCWD, cString(path), times, AT_SYMLINK_NOFOLLOW), 'utimensat', path);
}

// Locks

const LOCK = { shared: 1, exclusive: 2, unlock: 8 } as const;
const LOCK_NB = 4;

/**
 * flock(2), without waiting: says whether the lock was got. It belongs to the open file description: the kernel lets go of
 * it when the descriptor is closed and when the process dies, however it dies.
 */
export function tryLock(fd: number, kind: keyof typeof LOCK): boolean {
  const libc = libraryFor('lock files');
  const result = libc.flock(fd, LOCK[kind] | LOCK_NB);
  if (result === 0) return true;
  const code = getSystemErrorName(-libc.errno());
  if (code === 'EWOULDBLOCK' || code === 'EAGAIN' || code === 'EINTR') return false;
  check(libc, result, 'flock', `descriptor ${fd}`);
  return false;
}

// Mounts

const MOUNT_FLAGS = { readOnly: 1, noSuid: 2, noDev: 4, noExec: 8, remount: 32, bind: 4096, recursive: 16384 } as const;
const MNT_DETACH = 2;

export interface MountRequest {
  /** Of `bind` a path; of others what /proc/mounts shows. */
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly flags: readonly (keyof typeof MOUNT_FLAGS)[];
  /** Options of the file system: less than a page of 4096 bytes. */
  readonly data: string;
}

/** mount(2), for this process's mount namespace. */
export function mount({ source, target, type, flags, data }: MountRequest): void {
  const libc = libraryFor('mount file systems');
  const bits = flags.reduce((sum, flag) => sum | MOUNT_FLAGS[flag], 0);
  const result = libc.mount(cString(source), cString(target), cString(type), bits, cString(data));
  check(libc, result, 'mount', target);
}

/** Takes what is mounted there out of the tree at once; it ends when nothing uses it any more. umount2(2), MNT_DETACH. */
export function unmount(target: string): void {
  const libc = libraryFor('unmount file systems');
  check(libc, libc.umount2(cString(target), MNT_DETACH), 'umount2', target);
}
