/** What steps and runs keep on the disk: snapshots, cache mounts, unpacked roots. @module */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, renameSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { systemCode } from '../base/errors.ts';
import type { Kept } from '../ports/kept.ts';
import { bootId } from '../system/boot.ts';
import { diskUsage } from '../system/disk-usage.ts';
import { lockNow } from '../system/lock.ts';
import { DATA, UNFINISHED } from './build/cache-mounts.ts';
import { IMAGE, isDangling } from './build/erofs.ts';
import { namesIn, placesIn, removePlace } from './build/places.ts';
import { INFO } from './build/snapshots.ts';
import { asNamespaceRoot, removeAsNamespaceRoot, standing } from './namespace.ts';
import { removeRoot, rootsOnDisk, type SandboxDirectories } from './roots.ts';

/** Of a directory whose files may belong to the users of a user namespace. */
async function usage(path: string): Promise<number> {
  try {
    return diskUsage(path);
  } catch (error) {
    if (systemCode(error) !== 'EACCES') throw error;
  }
  const [program, ...args] = [...asNamespaceRoot(standing()), 'du', '-sk', '--', path];
  const { stdout } = await promisify(execFile)(program as string, args);
  return Number.parseInt(stdout, 10) * 1024;
}

/** Layers as steps stand on them. */
export async function keptSnapshots(directory: string): Promise<readonly Kept[]> {
  const boot = bootId();
  const named = namedIn(directory);
  const kept: Kept[] = [];
  for (const id of placesIn(directory)) {
    const path = join(directory, id);
    const info = join(path, INFO);
    const used = timeOf(info) ?? timeOf(path);
    if (used === undefined) continue;
    const isIndex = existsSync(join(path, IMAGE));
    kept.push({
      kind: 'snapshot',
      id,
      description: isIndex ? 'index of a layer' : 'directory of a layer',
      bytes: await usage(path),
      used,
      inUse: isLocked(join(path, 'lock')),
      stale: !named.has(id) || bootIn(info) !== boot || isDangling(path),
      remove: () => removePlace(directory, id),
    });
  }
  return kept;
}

/** What `RUN --mount=type=cache` keeps. */
export async function keptMounts(directory: string): Promise<readonly Kept[]> {
  const kept: Kept[] = [];
  for (const family of namesIn(directory)) {
    for (const number of namesIn(join(directory, family)).filter((name) => /^\d+$/.test(name))) {
      const place = join(directory, family, number);
      const held = holdsData(place);
      if (held === undefined) continue;
      kept.push({
        kind: 'mount',
        id: number === '0' ? family.slice(0, 12) : `${family.slice(0, 12)}-${number}`,
        description: textIn(join(directory, family, 'id')) ?? '',
        bytes: await usage(place),
        used: timeOf(join(directory, family, 'id')) ?? 0,
        inUse: isLocked(join(place, 'lock')),
        stale: !held,
        remove: () => removeMount(place),
      });
    }
  }
  return kept;
}

/** False for what a process that was killed has left; undefined for nothing at all. */
function holdsData(place: string): boolean | undefined {
  if (existsSync(join(place, DATA))) return true;
  return existsSync(join(place, UNFINISHED)) ? false : undefined;
}

/** The place stays, with its lock: whoever waits for it goes on in the same one. */
async function removeMount(place: string): Promise<boolean> {
  using lock = lockNow(join(place, 'lock'), 'exclusive');
  if (lock === undefined) return false;
  const unfinished = join(place, UNFINISHED);
  await removeAsNamespaceRoot(unfinished);
  // In one step, so that nobody meets half of it.
  if (existsSync(join(place, DATA))) renameSync(join(place, DATA), unfinished);
  await removeAsNamespaceRoot(unfinished);
  return true;
}

/** Root filesystems unpacked for `pare run`. */
export async function keptRoots(directories: SandboxDirectories): Promise<readonly Kept[]> {
  const kept: Kept[] = [];
  for (const { path, used, inUse } of await rootsOnDisk(directories)) {
    kept.push({
      kind: 'root',
      id: basename(path).slice(0, 12),
      description: 'unpacked for a run',
      bytes: await usage(path),
      used,
      inUse,
      stale: false,
      remove: () => removeRoot(directories, path),
    });
  }
  return kept;
}

function isLocked(path: string): boolean {
  using lock = lockNow(path, 'exclusive');
  return lock === undefined;
}

function namedIn(directory: string): ReadonlySet<string> {
  const keys = join(directory, 'keys');
  return new Set(
    namesIn(keys)
      .filter((key) => !key.startsWith('.'))
      .flatMap((key) => linkedName(join(keys, key)) ?? []),
  );
}

function linkedName(path: string): string | undefined {
  return orNothing(() => basename(readlinkSync(path)));
}

/** Undefined for what was cut off when the machine lost its power. */
function bootIn(info: string): unknown {
  const text = textIn(info);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as { readonly boot?: unknown }).boot;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function textIn(path: string): string | undefined {
  return orNothing(() => readFileSync(path, 'utf8'));
}

function timeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/** Undefined where it has gone meanwhile. */
function orNothing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
