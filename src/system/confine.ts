/**
 * System calls with which a process gives up what it has, on its way to becoming a program in a root filesystem of its own. Each
 * of them changes this process for good.
 * @module
 */
import { readdirSync } from 'node:fs';
import { chdir } from 'node:process';
import { getSystemErrorName } from 'node:util';
import { bindLibrary, check, cString, needLibrary } from './libc.ts';

const SIGNATURES = {
  syscall: ['long', ['long', 'int', 'void *', 'uint', 'void *', 'size_t']],
  open: ['int', ['void *', 'int']],
  fchdir: ['int', ['int']],
  pivot_root: ['int', ['void *', 'void *']],
  umount2: ['int', ['void *', 'int']],
  sethostname: ['int', ['void *', 'size_t']],
  prctl: ['int', ['int', 'ulong', 'ulong', 'ulong', 'ulong']],
  setgroups: ['int', ['size_t', 'void *']],
  setresgid: ['int', ['uint32_t', 'uint32_t', 'uint32_t']],
  setresuid: ['int', ['uint32_t', 'uint32_t', 'uint32_t']],
  setrlimit: ['int', ['int', 'void *']],
  socket: ['int', ['int', 'int', 'int']],
  ioctl: ['int', ['int', 'ulong', 'void *']],
  fcntl: ['int', ['int', 'int', 'int']],
  signal: ['intptr_t', ['int', 'intptr_t']],
  execve: ['int', ['void *', 'const char **', 'const char **']],
} as const;

const open = bindLibrary(SIGNATURES);
const library = () => needLibrary(open(), 'start a program without a runtime');

const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const MNT_DETACH = 2;

/**
 * The directory, at which something must be mounted, becomes the root: `/` is the new one. Paths that do not begin with `/` lead
 * into the old root, until it is taken away by disposal. pivot_root(2), `pivot_root(".", ".")`.
 */
export function enterRoot(directory: string): Disposable {
  const libc = library();
  const here = cString('.');
  const old = check(libc, libc.open(cString('/'), O_PATH | O_CLOEXEC), 'open', '/');
  chdir(directory);
  check(libc, libc.pivot_root(here, here), 'pivot_root', directory);
  const toOldRoot = () => check(libc, libc.fchdir(old), 'fchdir', '/');
  toOldRoot();
  return {
    [Symbol.dispose]: () => {
      toOldRoot();
      check(libc, libc.umount2(here, MNT_DETACH), 'umount2', '/');
      chdir('/');
    },
  };
}

/** mount_setattr(2); its number is the same on all architectures, and its wrapper came with glibc 2.36. */
const SYS_MOUNT_SETATTR = 442;
const AT_RECURSIVE = 0x8000;
const ATTRIBUTES = { readOnly: 1n, noSuid: 2n, noDev: 4n, noExec: 8n } as const;
export type MountAttribute = keyof typeof ATTRIBUTES;

/** Adds attributes to what is mounted there and, for all that is mounted within, too. Linux 5.12. */
export function restrictMount(path: string, attributes: readonly MountAttribute[], recursive: boolean): void {
  const libc = library();
  const request = Buffer.alloc(32);
  request.writeBigUInt64LE(attributes.reduce((bits, name) => bits | ATTRIBUTES[name], 0n));
  const flags = recursive ? AT_RECURSIVE : 0;
  // The descriptor means nothing to an absolute path.
  check(libc, libc.syscall(SYS_MOUNT_SETATTR, 0, cString(path), flags, request, request.length), 'mount_setattr', path);
}

export function setHostName(name: string): void {
  const libc = library();
  const bytes = cString(name);
  check(libc, libc.sethostname(bytes, bytes.length - 1), 'sethostname', name);
}

const AF_INET = 2;
const SOCK_DGRAM = 2;
/** netdevice(7) */
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;
/** Of `struct ifreq`: a name of 16 bytes, then a union. */
const IFREQ = { size: 40, flags: 16 } as const;

/** A network namespace begins with a loopback that is down. */
export function raiseLoopback(): void {
  const libc = library();
  const socket = check(libc, libc.socket(AF_INET, SOCK_DGRAM | O_CLOEXEC, 0), 'socket', 'lo');
  const request = Buffer.alloc(IFREQ.size);
  request.write('lo');
  request.writeInt16LE(IFF_UP, IFREQ.flags);
  check(libc, libc.ioctl(socket, SIOCSIFFLAGS, request), 'ioctl', 'lo');
}

/** asm-generic/resource.h; alpha, mips and sparc have others. */
const LIMITS = [
  ...['CPU', 'FSIZE', 'DATA', 'STACK', 'CORE', 'RSS', 'NPROC', 'NOFILE'],
  ...['MEMLOCK', 'AS', 'LOCKS', 'SIGPENDING', 'MSGQUEUE', 'NICE', 'RTPRIO', 'RTTIME'],
];

/** @param type `RLIMIT_NOFILE` @param soft as `hard`; negative: without limit */
export function limitResource(type: string, soft: number, hard: number): void {
  const libc = library();
  const request = Buffer.alloc(16);
  for (const [i, value] of [soft, hard].entries()) request.writeBigInt64LE(BigInt(Math.max(value, -1)), i * 8);
  check(libc, libc.setrlimit(LIMITS.indexOf(type.replace('RLIMIT_', '')), request), 'setrlimit', type);
}

const PR_CAPBSET_DROP = 24;

/** Capabilities, by number, that no program which this process becomes will have. */
export function dropCapabilities(numbers: readonly number[]): void {
  const libc = library();
  for (const number of numbers)
    check(libc, libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0), 'prctl', `capability ${number}`);
}

export function becomeUser(uid: number, gid: number, groups: readonly number[]): void {
  const libc = library();
  const list = Buffer.alloc(groups.length * 4);
  for (const [i, group] of groups.entries()) list.writeUInt32LE(group, i * 4);
  check(libc, libc.setgroups(groups.length, list), 'setgroups', groups.join());
  check(libc, libc.setresgid(gid, gid, gid), 'setresgid', String(gid));
  check(libc, libc.setresuid(uid, uid, uid), 'setresuid', String(uid));
}

const FD = { setFlags: 2, getStatus: 3, setStatus: 4 } as const;
const FD_CLOEXEC = 1;
const O_NONBLOCK = 0o4000;
const SIGPIPE = 13;

/**
 * Becomes a program; /proc is mounted. stdin, stdout and stderr, and nothing else, are its.
 * @returns why not, if it could not: `ENOENT`
 */
export function become(path: string, args: readonly string[], env: readonly string[]): string {
  const libc = library();
  // Whoever started pare may have left descriptors open.
  for (const fd of readdirSync('/proc/self/fd')) libc.fcntl(Number(fd), FD.setFlags, FD_CLOEXEC);
  // Node.js keeps its own from programs, waits for none, and does without this signal.
  for (const fd of [0, 1, 2]) {
    libc.fcntl(fd, FD.setFlags, 0);
    libc.fcntl(fd, FD.setStatus, libc.fcntl(fd, FD.getStatus, 0) & ~O_NONBLOCK);
  }
  libc.signal(SIGPIPE, 0);
  libc.execve(cString(path), [...args, null], [...env, null]);
  return getSystemErrorName(-libc.errno());
}
