/** What the system's own calls do, asked of the system. @module */
import { execFileSync, spawn } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, test } from 'vitest';
import { machineHas } from '../../test/e2e/needs.ts';
import { workplace } from '../../test/images.ts';
import { pieces } from '../base/stream.ts';
import { makeDirectories } from './directories.ts';
import { fileBlob } from './file-blob.ts';
import { makeNode, readXattrs, setMtime, splitDevice, tryLock, writeXattr } from './linux.ts';
import { lock, lockDirectory, lockDirectoryNow, lockNow, whileLocked } from './lock.ts';
import { spool } from './spool.ts';
import { createTempFile, removeDeadTempFiles } from './temp-file.ts';

const isRoot = process.getuid?.() === 0;

describe('calls that Node.js lacks', () => {
  test.skipIf(!machineHas({ programs: ['python3'] }))(
    'extended attributes of any bytes, as another program sees them; none is undefined',
    async () => {
      await using place = await workplace();
      const path = `${place.dir}/file`;
      writeFileSync(path, '');
      expect(readXattrs(path)).toBeUndefined();
      const large = new Uint8Array(3000).fill(7);
      writeXattr(path, 'user.binary', Uint8Array.of(0, 255, 10));
      writeXattr(path, 'user.empty', new Uint8Array());
      writeXattr(path, 'user.large', large);
      const found = readXattrs(path);
      expect([...(found ?? [])].map(([name]) => name).sort()).toEqual(['user.binary', 'user.empty', 'user.large']);
      expect(Buffer.from(found?.get('user.binary') ?? [])).toEqual(Buffer.from([0, 255, 10]));
      expect(found?.get('user.large')?.length).toBe(3000);
      const python = 'import os,sys; print(os.getxattr(sys.argv[1], "user.binary").hex())';
      expect(execFileSync('python3', ['-c', python, path]).toString().trim()).toBe('00ff0a');
    },
  );

  test('times in nanoseconds, of a link itself, before 1970', async () => {
    await using place = await workplace();
    const [file, link] = [`${place.dir}/file`, `${place.dir}/link`];
    writeFileSync(file, '');
    symlinkSync('file', link);
    const before = lstatSync(file, { bigint: true });
    setMtime(link, -5, 123_456_789);
    expect(lstatSync(link, { bigint: true }).mtimeNs).toBe(-5_000_000_000n + 123_456_789n);
    expect(lstatSync(file, { bigint: true }).mtimeNs).toBe(before.mtimeNs);
    setMtime(file, 2 ** 33, 1);
    expect(lstatSync(file, { bigint: true }).mtimeNs).toBe(2n ** 33n * 1_000_000_000n + 1n);
    expect(lstatSync(file, { bigint: true }).atimeNs).toBe(before.atimeNs);
  });

  test.skipIf(!isRoot)('devices of any number', async () => {
    await using place = await workplace();
    for (const [major, minor] of [
      [1, 3],
      [259, 1_048_575],
      [4095, 0],
    ] as const) {
      const path = `${place.dir}/${major}-${minor}`;
      makeNode(path, 'block', 0o600, { major, minor });
      expect(splitDevice(statSync(path, { bigint: true }).rdev)).toEqual({ major, minor });
      expect(execFileSync('stat', ['-c', '%Hr %Lr', path]).toString().trim()).toBe(`${major} ${minor}`);
    }
  });

  test('failures have a code, a call and a path', async () => {
    await using place = await workplace();
    const missing = `${place.dir}/none`;
    for (const [call, syscall] of [
      [() => writeXattr(missing, 'user.x', new Uint8Array()), 'lsetxattr'],
      [() => setMtime(missing, 0, 0), 'utimensat'],
      [() => readXattrs(missing), 'llistxattr'],
    ] as const) {
      expect(call).toThrow(expect.objectContaining({ code: 'ENOENT', syscall, path: missing }));
    }
  });
});

describe('locks', () => {
  test('shared with shared; exclusive with nobody; given back when disposed of', async () => {
    await using place = await workplace();
    const path = `${place.dir}/lock`;
    {
      using _one = await lock(path, 'shared');
      using _two = await lock(path, 'shared');
      expect(lockNow(path, 'exclusive')).toBeUndefined();
    }
    using _exclusive = await lock(path, 'exclusive');
    expect(lockNow(path, 'shared')).toBeUndefined();
  });

  test('a directory can be locked, and is not made', async () => {
    await using place = await workplace();
    {
      using _ = await lockDirectory(place.dir, 'shared');
      expect(lockDirectoryNow(place.dir)).toBeUndefined();
    }
    using now = lockDirectoryNow(place.dir);
    expect(now).toBeDefined();
    await expect(lockDirectory(`${place.dir}/none`, 'shared')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('whoever waits gets it, or ends when it is told to', async () => {
    await using place = await workplace();
    const path = `${place.dir}/lock`;
    const first = await lock(path, 'exclusive');
    const abort = new AbortController();
    const told = lock(path, 'exclusive', { signal: abort.signal });
    const patient = lock(path, 'exclusive');
    abort.abort(new Error('enough'));
    await expect(told).rejects.toThrow('enough');
    first[Symbol.dispose]();
    (await patient)[Symbol.dispose]();
  });

  test('sections of one descriptor never overlap, nor with an exclusive lock', async () => {
    await using place = await workplace();
    const path = `${place.dir}/lock`;
    writeFileSync(path, '');
    const fd = openSync(path, 'r');
    let inside = 0;
    const work = Array.from({ length: 50 }, async (_, i) => {
      if (i % 5 === 0) {
        using _lock = await lock(path, 'exclusive');
        expect(inside).toBe(0);
        await new Promise((resolve) => setTimeout(resolve, 1));
        expect(inside).toBe(0);
        return;
      }
      await whileLocked(fd, 'shared', path, {}, () => {
        inside++;
        inside--;
      });
    });
    await Promise.all(work);
  });

  test.skipIf(!machineHas({ programs: ['flock'] }))('the kernel gives back what a killed process held', async () => {
    await using place = await workplace();
    const path = `${place.dir}/lock`;
    const child = spawn('flock', ['-x', path, 'sh', '-c', 'echo locked; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    expect(lockNow(path, 'exclusive')).toBeUndefined();
    process.kill(-(child.pid as number), 'SIGKILL');
    using _ = await lock(path, 'exclusive');
  });
});

describe('temporary files', () => {
  test('those of the living stay, those of the dead go', async () => {
    await using place = await workplace();
    await using living = await createTempFile(place.dir);
    await living.handle.writeFile('living');
    writeFileSync(`${place.dir}/.pare-dead.tmp`, 'dead!');
    writeFileSync(`${place.dir}/other.tmp`, '');
    expect(removeDeadTempFiles(place.dir)).toBe(5);
    expect(readdirSync(place.dir).length).toBe(2);
    expect(tryLock(living.handle.fd, 'exclusive')).toBe(true);
  });

  test('disposal removes one, unless it was kept', async () => {
    await using place = await workplace();
    {
      await using _gone = await createTempFile(place.dir);
      await using kept = await createTempFile(place.dir);
      renameSync(kept.path, `${place.dir}/kept`);
      kept.keep();
    }
    expect(readdirSync(place.dir)).toEqual(['kept']);
  });

  test('a spool has no name, and is read again at any position', async () => {
    await using kept = await spool(pieces(Buffer.from('one'), Buffer.from('two')), 'a test');
    expect(kept.size).toBe(6);
    const { buffer } = await kept.handle.read(Buffer.alloc(4), 0, 4, 2);
    expect(buffer.toString()).toBe('etwo');
    expect(readlinkSync(`/proc/self/fd/${kept.handle.fd}`)).toMatch(/\(deleted\)$/);
  });
});

test('directories are made with those above them; what is in the way is an error; /proc is no endless loop', async () => {
  await using place = await workplace();
  expect(makeDirectories(`${place.dir}/a/b/c`)).toBe(true);
  expect(makeDirectories(`${place.dir}/a/b/c`)).toBe(false);
  writeFileSync(`${place.dir}/file`, '');
  expect(() => makeDirectories(`${place.dir}/file`)).toThrow(/EEXIST/);
  expect(() => makeDirectories(`${place.dir}/file/x`)).toThrow(/ENOTDIR/);
  expect(() => makeDirectories('/proc/none/x')).toThrow(/ENOENT/);
});

test('a file is read in parts, large and small; one that is replaced is an error', async () => {
  await using place = await workplace();
  const path = `${place.dir}/file`;
  const bytes = Buffer.alloc(3_000_000, 'abcdefg');
  writeFileSync(path, bytes);
  const blob = fileBlob(path, statSync(path, { bigint: true }));
  for (const [offset, length] of [
    [0, 0],
    [1, 5],
    [100, 300_000],
    [0, 3_000_000],
    [2_999_999, 1],
  ] as const) {
    const parts: Buffer[] = [];
    for await (const piece of blob.stream(offset, length)) parts.push(Buffer.from(piece));
    expect(Buffer.concat(parts).equals(bytes.subarray(offset, offset + length)), `${offset}+${length}`).toBe(true);
    expect(Buffer.from(await blob.read(offset, length)).equals(bytes.subarray(offset, offset + length))).toBe(true);
  }
  mkdirSync(`${place.dir}/sub`);
  writeFileSync(`${place.dir}/sub/new`, bytes);
  renameSync(`${place.dir}/sub/new`, path);
  expect(readFileSync(path).length).toBe(3_000_000);
  await expect(blob.read(0, 5)).rejects.toMatchObject({ code: 'IO', message: /has been replaced/ });
});
