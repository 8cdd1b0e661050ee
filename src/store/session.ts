/**
 * One process at work in the store. What it counts on (blobs it has written and not named yet, images it is reading) is
 * written down in its lease, a file that it keeps locked: whoever removes blobs spares what a living process has leased.
 *
 * Adding and leasing happen under the store's lock, shared; removing and naming under the same lock, exclusive. So a blob that
 * {@link StoreSession.lease} has found is there for as long as the session lasts.
 * @module
 */
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import type { Digest } from '../base/digest.ts';
import { isDigest } from '../base/digest.ts';
import { fromSystem, ImageError, systemCode } from '../base/errors.ts';
import type { Run } from '../ports/run.ts';
import { isLayout } from '../system/layout-directory.ts';
import { tryLock } from '../system/linux.ts';
import { lock, whileLocked } from '../system/lock.ts';
import { leasesDir, lockFile, makeStore } from './directory.ts';

export interface StoreSession extends AsyncDisposable {
  readonly dir: string;
  /**
   * Leases the digests that `find` gives, and does `work`, in one step that no removal can come between.
   * @param work must not wait
   */
  lease<T>(find: () => { readonly digests: readonly Digest[]; readonly value: T }, run?: Run): Promise<T>;
  /** Runs with nobody else adding, naming or removing. */
  exclusively<T>(work: () => Promise<T>, run?: Run): Promise<T>;
}

/**
 * @param dir see `storeDirectory`
 * @returns undefined where there is no store and `create` is not asked for
 */
export async function openStore(
  dir: string,
  options: { readonly create: boolean },
  run: Run = {},
): Promise<StoreSession | undefined> {
  if (options.create) await makeStore(dir);
  else if (!existsSync(dir) || !isLayout(dir)) return undefined;
  const lockPath = lockFile(dir);
  const fd = openLock(lockPath);
  const leased = new Set<Digest>();
  let lease: Lease | undefined;
  let ended = false;
  try {
    lease = await whileLocked(fd, 'shared', lockPath, run, () => makeLease(dir));
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return {
    dir,
    lease: (find, run = {}) =>
      whileLocked(fd, 'shared', lockPath, run, () => {
        const { digests, value } = find();
        const fresh = digests.filter((digest) => !leased.has(digest));
        if (fresh.length > 0 && lease !== undefined) extend(lease, fresh);
        for (const digest of fresh) leased.add(digest);
        return value;
      }),
    exclusively: async (work, run) => {
      using _ = await lock(lockPath, 'exclusive', run);
      try {
        return await work();
      } catch (error) {
        throw fromSystem(error, `cannot change the store ${dir}`);
      }
    },
    [Symbol.asyncDispose]: async () => {
      if (ended) return;
      ended = true;
      if (lease !== undefined) {
        rmSync(lease.path, { force: true });
        closeSync(lease.fd);
      }
      closeSync(fd);
    },
  };
}

function openLock(path: string): number {
  try {
    return openSync(path, 'a+');
  } catch (error) {
    if (systemCode(error) !== 'EACCES' && systemCode(error) !== 'EROFS') throw fromSystem(error, `cannot open ${path}`);
  }
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw fromSystem(error, `cannot open ${path}`);
  }
}

interface Lease {
  readonly path: string;
  readonly fd: number;
}

/** Undefined where the store may be read and not written: then nothing protects what is read from a removal. */
function makeLease(dir: string): Lease | undefined {
  const path = `${leasesDir(dir)}/${process.pid}-${randomBytes(6).toString('hex')}`;
  try {
    const fd = openSync(path, 'ax');
    tryLock(fd, 'exclusive');
    return { path, fd };
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return undefined;
    throw fromSystem(error, `cannot write to the store ${dir}`);
  }
}

function extend(lease: Lease, digests: readonly Digest[]): void {
  try {
    writeSync(lease.fd, digests.map((digest) => `${digest}\n`).join(''));
  } catch (error) {
    throw fromSystem(error, `cannot write ${lease.path}`);
  }
}

/** What the living have leased; leases of the dead are removed. The caller has the store to itself. */
export function liveLeases(dir: string): ReadonlySet<Digest> {
  const digests = new Set<Digest>();
  for (const name of readdirSync(leasesDir(dir))) {
    const path = `${leasesDir(dir)}/${name}`;
    const fd = openLease(path);
    if (fd === undefined) continue;
    try {
      if (tryLock(fd, 'exclusive')) {
        rmSync(path, { force: true });
        continue;
      }
      if (fstatSync(fd).size > MAX_LEASE) throw new ImageError('LIMIT', `the lease ${path} is too large`);
      for (const line of readFileSync(fd, 'utf8').split('\n')) if (isDigest(line)) digests.add(line);
    } finally {
      closeSync(fd);
    }
  }
  return digests;
}

/** Undefined where its owner has ended meanwhile. */
function openLease(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fromSystem(error, `cannot read ${path}`);
  }
}

/** Bytes; a session that leases a hundred thousand blobs has written less. */
const MAX_LEASE = 16 * 1024 * 1024;
