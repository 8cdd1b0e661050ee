/**
 * Locks between processes, by flock(2): the kernel gives a lock back when its holder dies, however it dies, so that no lock
 * is ever stale; and it holds across containers, where process ids mean nothing.
 * @module
 */
import { closeSync, constants, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { present } from '../base/assert.ts';
import { fromSystem, systemCode } from '../base/errors.ts';
import type { Run } from '../ports/run.ts';
import { hasSystemCalls, tryLock } from './linux.ts';

export type LockKind = 'shared' | 'exclusive';

/** A lock that is held until it is disposed of. */
export interface Lock extends Disposable {
  readonly fd: number;
}

/** Milliseconds between attempts: the first, and the longest. Sections under a lock are short. */
const FIRST_WAIT = 2;
const LONGEST_WAIT = 40;
/** After how long somebody who waits is told, in milliseconds. */
const PATIENCE = 2000;

/**
 * Locks a file, which is made if need be; waits until it can.
 * @throws what the run's signal says, ImageError DENIED, UNAVAILABLE
 */
export async function lock(path: string, kind: LockKind, run: Run = {}): Promise<Lock> {
  return lockDescriptor(openLockFile(path), kind, path, run);
}

/**
 * Locks a directory that is there; waits until it can. Goes on without a lock, and with a warning, where this platform has
 * none for us: the one process that is usual may well do.
 * @throws as {@link lock}; ImageError NOT_FOUND
 */
export async function lockDirectory(path: string, kind: LockKind, run: Run = {}): Promise<Lock | undefined> {
  if (hasSystemCalls()) return lockDescriptor(openDirectory(path), kind, path, run);
  const text = `${path} cannot be locked on this platform: let one process at a time write to it`;
  run.report?.({ type: 'warning', text });
  return undefined;
}

/** Locks a file, which is made if need be, without waiting; undefined where it cannot be had now. */
export function lockNow(path: string, kind: LockKind): Lock | undefined {
  return lockDescriptorNow(openLockFile(path), kind);
}

/** An exclusive lock on a directory without waiting; undefined where it cannot be had now, or never on this platform. */
export function lockDirectoryNow(path: string): Lock | undefined {
  return hasSystemCalls() ? lockDescriptorNow(openDirectory(path), 'exclusive') : undefined;
}

function lockDescriptorNow(fd: number, kind: LockKind): Lock | undefined {
  let locked = false;
  try {
    locked = tryLock(fd, kind);
  } finally {
    if (!locked) closeSync(fd);
  }
  return locked ? held(fd) : undefined;
}

/** Disposing of it twice must not close a descriptor that is another file's by then. */
function held(fd: number): Lock {
  let open = true;
  return {
    fd,
    [Symbol.dispose]: () => {
      if (open) closeSync(fd);
      open = false;
    },
  };
}

async function lockDescriptor(fd: number, kind: LockKind, path: string, run: Run): Promise<Lock> {
  try {
    await untilLocked(() => tryLock(fd, kind), path, run);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return held(fd);
}

/**
 * Runs a short section without a single wait in it while an open file is locked. Locking, work and unlocking are one turn of
 * this process, so that one descriptor serves all who use it at once.
 */
export async function whileLocked<T>(fd: number, kind: LockKind, path: string, run: Run, work: () => T): Promise<T> {
  let result: { readonly value: T } | undefined;
  await untilLocked(
    () => {
      if (!tryLock(fd, kind)) return false;
      try {
        result = { value: work() };
      } finally {
        tryLock(fd, 'unlock');
      }
      return true;
    },
    path,
    run,
  );
  return present(result, 'result of a section').value;
}

async function untilLocked(attempt: () => boolean, path: string, run: Run): Promise<void> {
  let wait = FIRST_WAIT;
  const start = performance.now();
  let told = false;
  while (!attempt()) {
    run.signal?.throwIfAborted();
    if (!told && performance.now() - start > PATIENCE) {
      run.report?.({ type: 'step', text: `waiting for another process that uses ${path}` });
      told = true;
    }
    // Not in step with the others that wait.
    await sleep(wait * (0.5 + Math.random()));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }
}

function openDirectory(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    throw fromSystem(error, `cannot lock ${path}`);
  }
}

function openLockFile(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT, 0o666);
  } catch (error) {
    // A store that may only be read: flock asks for no more.
    if (!['EACCES', 'EROFS', 'EPERM'].includes(systemCode(error) ?? '')) throw fromSystem(error, `cannot lock ${path}`);
  }
  try {
    return openSync(path, constants.O_RDONLY);
  } catch (error) {
    throw fromSystem(error, `cannot lock ${path}`);
  }
}
