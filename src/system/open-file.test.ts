import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { workplace } from '../../test/images.ts';
import { openArchive } from './archive.ts';
import { openLayerFile } from './layer-file.ts';
import { openFile } from './open-file.ts';

test('a named pipe is read when its writer comes, however late', async () => {
  await using place = await workplace();
  const path = `${place.dir}/pipe`;
  execFileSync('mkfifo', [path]);
  const opening = openFile(path);
  const writer = spawn('sh', ['-c', 'sleep 0.2; { printf one; sleep 0.1; printf two; } > "$1"', 'sh', path]);
  await using file = await opening;
  expect(writer.pid).toBeDefined();
  expect(Buffer.from(await file.blob.read(0, file.size)).toString()).toBe('onetwo');
  expect(file.inPlace).toBe(false);
});

test('what a shell gives as /dev/fd is read, too', () => {
  const script = `import { openFile } from '${import.meta.dirname}/open-file.ts';
const file = await openFile(process.argv[1]); process.stdout.write(await file.blob.read(0, file.size));`;
  const run = 'exec "$0" --input-type=module -e "$1" <(printf through)';
  expect(execFileSync('bash', ['-c', run, process.execPath, script]).toString()).toBe('through');
});

test('waiting for a writer ends when the run does', async () => {
  await using place = await workplace();
  const path = `${place.dir}/pipe`;
  execFileSync('mkfifo', [path]);
  const abort = new AbortController();
  const opening = openFile(path, { signal: abort.signal });
  setTimeout(() => abort.abort(), 50);
  await expect(opening).rejects.toMatchObject({ name: 'AbortError' });
});

test('devices and directories are refused by name', async () => {
  await expect(openFile('/dev/zero')).rejects.toThrow('/dev/zero is a device, and a file is wanted here');
  await expect(openFile('/etc')).rejects.toMatchObject({ code: 'USAGE' });
  await expect(openFile('/etc/no-such-file')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('no byte at all is no archive, and no layer', async () => {
  await using place = await workplace();
  const path = `${place.dir}/zero`;
  writeFileSync(path, '');
  const error = { code: 'INVALID', message: `${path} is empty: not even an archive without files` };
  await expect(openArchive(path)).rejects.toMatchObject(error);
  await expect(openLayerFile(path)).rejects.toMatchObject(error);
});
