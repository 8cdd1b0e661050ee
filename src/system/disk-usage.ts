/** What files take on the disk. @module */
import { lstatSync, readdirSync } from 'node:fs';
import { systemCode } from '../base/errors.ts';

/** Of stat(2): what `st_blocks` counts. */
const BLOCK = 512;

/**
 * As `du -s` counts: allocated blocks, directories too, a file with several names once. What goes while it is looked at counts nothing.
 * @throws a system error: EACCES where a directory may not be read
 */
export function diskUsage(path: string): number {
  const seen = new Set<string>();
  let blocks = 0;
  const open = [path];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const stats = lstatSync(one, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    const isDirectory = stats.isDirectory();
    const key = `${stats.dev}:${stats.ino}`;
    if (!isDirectory && stats.nlink > 1 && seen.has(key)) continue;
    if (!isDirectory && stats.nlink > 1) seen.add(key);
    blocks += stats.blocks;
    if (isDirectory) for (const name of namesIn(one)) open.push(`${one}/${name}`);
  }
  return blocks * BLOCK;
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
