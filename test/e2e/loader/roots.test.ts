/** For every ELF file of whole systems, the model and the real ld.so agree: names, paths, order, what is missing. @module */
import { describe, expect, test } from 'vitest';
import { machineHas } from '../needs.ts';
import { debianTree } from '../trees.ts';
import { compareRoot, ownDirectories, table } from './compare.ts';

const able = process.arch === 'x64' && machineHas({ root: true, programs: ['chroot', 'unshare'] });

interface System {
  readonly what: string;
  readonly root: () => string | undefined;
  readonly loader: string;
  readonly least: number;
}

const foreign = (arch: string) => () => debianTree({ suite: 'bookworm', arch });

const SYSTEMS: readonly System[] = [
  { what: 'this machine', root: () => '/', loader: '/lib64/ld-linux-x86-64.so.2', least: 500 },
  {
    what: 'a newer glibc',
    root: () => debianTree({ suite: 'trixie' }),
    loader: '/lib64/ld-linux-x86-64.so.2',
    least: 500,
  },
  { what: 'arm64', root: foreign('arm64'), loader: '/lib/ld-linux-aarch64.so.1', least: 500 },
  { what: 'armhf', root: foreign('armhf'), loader: '/lib/ld-linux-armhf.so.3', least: 500 },
];

describe.runIf(able).each(SYSTEMS)('$what', ({ root, loader, least }) => {
  const path = able ? root() : undefined;
  test.runIf(path !== undefined)('every ELF file', { timeout: 1_200_000 }, async () => {
    const comparison = await compareRoot(path as string, loader, path === '/' ? ownDirectories() : ['/']);
    process.stdout.write(`${table(comparison)}\n`);
    expect(comparison.disagreements).toEqual([]);
    expect(comparison.files).toBeGreaterThan(least);
  });
});
