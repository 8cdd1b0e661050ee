/**
 * EROFS images beside those of erofs-utils: fsck.erofs finds ours whole, and mkfs.erofs makes of the same tar an image that shows the same. Wants
 * version 1.7 or later in PATH, the first with blocks of 512 bytes (Debian 13 has it).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { debianTree } from '../../e2e/trees.ts';

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));

function hasUtilities(): boolean {
  const version = spawnSync('mkfs.erofs', ['-V'], { encoding: 'utf8' });
  const [, major = 0, minor = 0] = /(\d+)\.(\d+)/.exec(`${version.stdout}${version.stderr}`)?.map(Number) ?? [];
  const has = process.getuid?.() === 0 && (major > 1 || minor >= 7);
  if (!has) process.stderr.write('skipped: erofs-utils 1.7 and root are wanted\n');
  return has;
}

test.runIf(hasUtilities())('a Debian system as a tar: ours is whole, and shows what mkfs.erofs shows', () => {
  const tree = debianTree({ suite: 'trixie' });
  if (tree === undefined) throw new Error('no Debian system');
  const dir = mkdtempSync(join(tmpdir(), 'pare-erofs-'));
  try {
    const [tar, ours, theirs] = ['layer.tar', 'ours', 'theirs'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ];
    // mkfs.erofs 1.8 takes a fraction of eight digits, which GNU tar writes where a ninth is 0, for nanoseconds.
    const options = ['--format=pax', '--pax-option=delete=mtime', '--xattrs', '--xattrs-include=*'];
    execFileSync('tar', ['-C', tree, ...options, '-cf', tar, '.']);
    execFileSync(process.execPath, [WORKER, 'make', tar, ours]);
    const checked = spawnSync('fsck.erofs', [`--device=${tar}`, ours], { encoding: 'utf8' });
    expect(checked).toMatchObject({ status: 0, stderr: '' });
    execFileSync('mkfs.erofs', ['--quiet', '--tar=i', theirs, tar]);
    const words = ['--mount', '--', process.execPath, WORKER, 'compare', tar, ours, theirs];
    const found = JSON.parse(execFileSync('unshare', words, { encoding: 'utf8', maxBuffer: 1 << 28 }));
    expect(found).toEqual({ entries: expect.any(Number), differences: [] });
    expect(found.entries).toBeGreaterThan(5000);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
