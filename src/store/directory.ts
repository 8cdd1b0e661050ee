/** Where the store is, and how what is in it is called. `docs/store.md` explains all of it. @module */
import { homedir } from 'node:os';
import { fromSystem, ImageError } from '../base/errors.ts';
import { makeDirectories } from '../system/directories.ts';
import { isLayout, makeLayout } from '../system/layout-directory.ts';

/** `$PARE_HOME`, else `$XDG_DATA_HOME/pare`, else `~/.local/share/pare`. @throws ImageError USAGE */
export function storeDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const own = env['PARE_HOME'];
  if (own) return absolute(own, 'PARE_HOME');
  const data = env['XDG_DATA_HOME'];
  // The XDG specification wants a relative path to be ignored.
  if (data?.startsWith('/')) return `${data.replace(/\/+$/, '')}/pare`;
  const home = env['HOME'] || homedir();
  return `${absolute(home, 'HOME')}/.local/share/pare`;
}

function absolute(path: string, variable: string): string {
  if (path.startsWith('/')) return path === '/' ? path : path.replace(/\/+$/, '');
  throw new ImageError('USAGE', `$${variable} is "${path}", which is not an absolute path`, {
    hint: `set ${variable} to a path that begins with /`,
  });
}

/** Locked shared while something is added, exclusively while names change or something is removed. */
export const lockFile = (dir: string): string => `${dir}/lock`;
/** One file for each process that is at work, locked by it, naming the digests it counts on. */
export const leasesDir = (dir: string): string => `${dir}/leases`;
/** Blobs that are being written. */
export const tempDir = (dir: string): string => `${dir}/tmp`;
/** Uncompressed layers and what was found in them; can be removed at any time. */
export const cacheDir = (dir: string): string => `${dir}/cache/layers`;

/** Makes what is missing. @throws ImageError DENIED, CONFLICT */
export async function makeStore(dir: string): Promise<void> {
  try {
    for (const path of [dir, leasesDir(dir), tempDir(dir), cacheDir(dir)]) makeDirectories(path);
    if (!isLayout(dir)) await makeLayout(dir);
  } catch (error) {
    throw fromSystem(error, `cannot make the store ${dir}`, 'set PARE_HOME to a directory that you may write to');
  }
}
