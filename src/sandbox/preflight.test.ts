import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bytesContent } from '../model/content.ts';
import { TreeEditor } from '../model/editor.ts';
import { treeFiles } from '../ports/tree-files.ts';
import { elfHead } from './architectures.ts';
import { tinyProgram } from './doctor/tiny-program.ts';
import type { RunPlan } from './plan.ts';
import { preflight } from './preflight.ts';

const PROGRAM = tinyProgram() as Uint8Array;
/** Of a machine that nothing here runs: e_machine of the VAX. */
const FOREIGN = Buffer.concat([elfHead({ name: 'vax', machine: 75, bits: 32, endian: 'little' }), Buffer.alloc(200)]);

function files(entries: Readonly<Record<string, { mode?: number; uid?: number; bytes?: Uint8Array | string }>>) {
  const editor = new TreeEditor();
  for (const [path, { mode = 0o755, uid = 0, bytes = PROGRAM }] of Object.entries(entries)) {
    const content = bytesContent(bytes);
    editor.put(path, { kind: 'file', meta: { mode, uid, gid: 0 }, mtime: 0, mtimeNs: 0, link: undefined, content });
  }
  return treeFiles(editor.done());
}

const FILES = files({
  '/bin/ok': {},
  '/bin/text': { bytes: 'hello\n' },
  '/bin/plain': { mode: 0o644 },
  '/bin/mine': { mode: 0o744, uid: 10 },
  '/bin/script': { bytes: '#!/bin/ok -x\n' },
  '/bin/env': { bytes: '#! /no/such arg\n' },
  '/bin/of-script': { bytes: '#!/bin/script\n' },
  '/bin/round': { bytes: '#!/bin/round\n' },
  '/bin/nameless': { bytes: '#!\n' },
  '/bin/foreign': { bytes: FOREIGN },
  '/opt/ok': {},
  '/usr/bin/plain': {},
});

function request(program: string, { uid = 0, volumes = [] as RunPlan['volumes'] } = {}): RunPlan {
  return {
    process: { args: [program], env: ['PATH=/none:/bin:/usr/bin'], cwd: '/opt', uid, gid: uid, groups: [] },
    hostname: 'x',
    network: 'none',
    readOnly: false,
    volumes,
    scratch: [],
    stdin: false,
    terminal: false,
    output: 'ignore',
  };
}

test.each(['ok', '/bin/ok', './ok', 'script', 'of-script', '../bin/ok'])('%s can start', async (program) => {
  await expect(preflight(FILES, request(program))).resolves.toBeUndefined();
});

test('a file that cannot be executed is passed over in PATH, as a shell does', async () => {
  await expect(preflight(FILES, request('plain'))).resolves.toBeUndefined();
});

test.each([
  ['nothing', 127, 'the image has none of /none/nothing, /bin/nothing, /usr/bin/nothing'],
  ['/bin/nothing', 127, 'the image has no such file'],
  ['env', 127, '/no/such, which has to load it, is not'],
  ['/bin', 126, 'it is a directory'],
  ['/bin/plain', 126, 'it has no execute permission'],
  ['text', 126, 'it is neither an ELF program nor a script with #!'],
  ['nameless', 126, 'names no interpreter'],
  ['round', 126, 'its interpreter is a script'],
  ['foreign', 126, 'it is neither an ELF program'],
])('%s cannot', async (program, status, message) => {
  await expect(preflight(FILES, request(program))).rejects.toMatchObject({
    status,
    message: expect.stringContaining(message),
  });
});

test('permission is looked at for the user who runs it', async () => {
  await expect(preflight(FILES, request('/bin/mine', { uid: 10 }))).resolves.toBeUndefined();
  await expect(preflight(FILES, request('/bin/mine', { uid: 11 }))).rejects.toThrow('user 11 may not execute it');
  await expect(preflight(FILES, request('/bin/mine'))).resolves.toBeUndefined();
});

test('what a volume supplies is not judged', async () => {
  const source = mkdtempSync(join(tmpdir(), 'pare-preflight-'));
  onTestFinished(() => rmSync(source, { recursive: true }));
  writeFileSync(join(source, 'such'), '');
  symlinkSync('/elsewhere', join(source, 'link'));
  const volumes = [{ source, destination: '/no', readOnly: true }];
  await expect(preflight(FILES, request('env', { volumes }))).resolves.toBeUndefined();
  await expect(preflight(FILES, request('/no/link/what', { volumes }))).resolves.toBeUndefined();
  const nothing = preflight(FILES, request('/no/matter/what', { volumes }));
  await expect(nothing).rejects.toMatchObject({ status: 127 });
});
