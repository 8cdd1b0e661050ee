import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assertWritable } from './writable.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pare-writable-'));
  mkdirSync(join(dir, 'full'));
  writeFileSync(join(dir, 'full', 'file'), '');
});
afterAll(() => rmSync(dir, { recursive: true }));

const asked = (reference: string, over = false) =>
  assertWritable(reference.replace('@/', `${dir}/`), { over }, { env: { DOCKER_HOST: `unix://${dir}/none` } });

test.each([
  ['a b', 'USAGE'],
  ['UPPER', 'USAGE'],
  [`app@sha256:${'0'.repeat(64)}`, 'USAGE'],

  ['tar:@/none/x.tar', 'NOT_FOUND'],
  ['tar:@/x.xz', 'USAGE'],
  ['oci-archive:@/full', 'CONFLICT'],
  ['docker-archive:@/full/file/x.tar', 'NOT_FOUND'],
  ['oci:@/full', 'CONFLICT'],
  ['oci:@/full/file', 'CONFLICT'],
  ['rootfs:@/full', 'CONFLICT'],
  ['rootfs:@/full/file/x', 'CONFLICT'],
  ['docker-daemon:app', 'UNAVAILABLE'],
])('%s cannot be written', async (reference, code) => {
  await expect(asked(reference)).rejects.toMatchObject({ code });
});

test('what can be written is left as it is', async () => {
  const names = [
    'app',
    'docker://example.com/app',
    'oci:@/new/x',
    'rootfs:@/new/y',
    'tar:@/x.tar',
    'oci-archive:@/full/file',
  ];
  for (const reference of names) await asked(reference);
  await asked('rootfs:@/full', true);
  expect([readdirSync(dir), readdirSync(join(dir, 'full'))]).toEqual([['full'], ['file']]);
});
