/** diff, cat, export, extract and merge as commands: streams, JSON, exit statuses. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { diffSchema } from '../../src/cli/schema/diff.ts';
import { exportSchema } from '../../src/cli/schema/export.ts';
import { extractSchema } from '../../src/cli/schema/extract.ts';
import { mergeSchema } from '../../src/cli/schema/merge.ts';
import { openSink } from '../../src/sinks.ts';
import { openRoot } from '../../src/sources.ts';
import { saveImage } from '../../src/transforms/save/save.ts';
import { imageOf, treeOf, type Workplace, workplace } from '../images.ts';
import { type Ended, pare } from './pare.ts';

interface Stage extends Workplace {
  pare(...args: string[]): Promise<Ended>;
}

/** Two images, `one` and `two`. */
async function stage(): Promise<Stage> {
  const place = await workplace();
  const meta = { mode: 0o644, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const one = treeOf({ '/etc/same': 'same', '/etc/file': 'one', '/only/one': '\u0000\u0001' }, meta);
  const two = treeOf({ '/etc/same': 'same', '/etc/file': 'two', '/only/two': 'x' }, meta);
  for (const [name, tree] of Object.entries({ one, two })) {
    await using sink = await openSink(name, place.access);
    await saveImage(imageOf(tree, { config: { Env: [`NAME=${name}`] } }), sink);
  }
  const env = { PARE_HOME: `${place.dir}/store` };
  return { ...place, pare: (...args) => pare(args, { env, cwd: place.dir }) };
}

test('cat: bytes as they are; goes on behind what is not there, and says so', async () => {
  await using place = await stage();
  expect(await place.pare('cat', 'one', '/only/one', 'etc/../etc/file')).toMatchObject({
    status: 0,
    stdout: '\u0000\u0001one',
    stderr: '',
  });
  const mixed = await place.pare('cat', 'one', '/none', '/etc', '/etc/file', '/etc/file/x', '-q');
  expect(mixed).toMatchObject({ status: 1, stdout: 'one' });
  expect(mixed.stderr.split('\n').map((line) => line.replace(/^warning: /, ''))).toEqual([
    '/none: No such file or directory',
    '/etc: Is a directory',
    '/etc/file/x: Not a directory',
    '',
  ]);
  expect((await place.pare('cat', 'oci:gone', '/x')).status).toBe(3);
  expect((await place.pare('cat', 'one')).status).toBe(2);
  expect((await place.pare('cat', 'one', '/x', '--json')).status).toBe(2);
});

test('export: the same bytes always, to stdout and to a file', async () => {
  await using place = await stage();
  expect((await place.pare('export', 'one', '-o', 'a.tar')).status).toBe(0);
  const said = await place.pare('export', 'one', '--output', 'b.tar', '--json');
  expect(exportSchema.parse(JSON.parse(said.stdout))).toEqual({ file: 'b.tar', entries: 5, size: 9 });
  expect(readFileSync(`${place.dir}/a.tar`)).toEqual(readFileSync(`${place.dir}/b.tar`));
  const piped = await place.pare('export', 'one', '-q');
  expect(piped).toMatchObject({ status: 0, stderr: '', stdout: readFileSync(`${place.dir}/a.tar`, 'utf8') });
  await using root = await openRoot(`tar:${place.dir}/a.tar`, place.access);
  expect((await root.tree()).root.names).toEqual(['etc', 'only']);
});

test('extract: all or some', async () => {
  await using place = await stage();
  const done = await place.pare('extract', 'one', 'root', 'etc/file', '--json');
  expect(extractSchema.parse(JSON.parse(done.stdout))).toEqual({ directory: 'root', entries: 2, size: 3 });
  expect(readdirSync(`${place.dir}/root/etc`)).toEqual(['file']);
  expect(await place.pare('extract', 'two', 'root')).toMatchObject({
    status: 3,
    stderr: expect.stringMatching(/not empty[\s\S]*--merge/),
  });
  expect((await place.pare('extract', 'two', 'root', '--merge')).status).toBe(0);
  expect(readFileSync(`${place.dir}/root/etc/file`, 'utf8')).toBe('two');
  expect(readdirSync(`${place.dir}/root`).sort()).toEqual(['etc', 'only']);
});

describe('diff', () => {
  test('in words', async () => {
    await using place = await stage();
    const found = await place.pare('diff', 'one', 'two');
    expect(found.status).toBe(1);
    expect(found.stdout.split('\n')).toEqual([
      'Files:',
      '  ~ /etc/file  content',
      '  - /only/one  2 B',
      '  + /only/two  1 B',
      'Config:',
      '  ~ Env.NAME: one → two',
      'Sizes:',
      expect.stringMatching(/^ {2}unpacked 9 B → 8 B/),
      ...found.stdout.split('\n').slice(8),
    ]);
    expect((await place.pare('diff', 'one', 'two', '--config')).stdout).not.toContain('Files');
    expect(await place.pare('diff', 'one', 'one', '--times')).toMatchObject({ status: 0, stdout: '' });
    expect((await place.pare('diff', 'one', 'two', '--packages')).status).toBe(3);
    expect((await place.pare('diff', 'one', 'oci:none')).status).toBe(3);
  });

  test('as JSON, over root filesystems too', async () => {
    await using place = await stage();
    const same = diffSchema.parse(JSON.parse((await place.pare('diff', 'one', 'one', '--json')).stdout));
    expect(same).toMatchObject({ same: true, files: [], config: [] });
    await place.pare('export', 'two', '-o', 'two.tar');
    const found = await place.pare('diff', 'one', 'tar:two.tar', '--json');
    expect(found.status).toBe(1);
    const { files, config, packages, sizes } = diffSchema.parse(JSON.parse(found.stdout));
    expect(files?.map(({ path, aspects }) => [path, aspects])).toEqual([
      ['/etc/file', ['content']],
      ['/only/one', []],
      ['/only/two', []],
    ]);
    expect({ config, packages, layers: sizes.after.layers }).toEqual({});
    expect((await place.pare('diff', 'one', 'tar:two.tar', '--config')).status).toBe(2);
  });
});

describe('merge', () => {
  test('tells contradictions, and writes nothing', async () => {
    await using place = await stage();
    const refused = await place.pare('merge', 'one', 'two', '-o', 'oci:out');
    expect(refused.status).toBe(1);
    expect(refused.stdout).toBe(
      [
        '/etc/file: content',
        '  in 1 (one): file 0644 OWNER, 3 B, content A',
        '  in 2 (two): file 0644 OWNER, 3 B, content B',
        'Env.NAME: value',
        '  in 1 (one): one',
        '  in 2 (two): two',
        '',
      ]
        .join('\n')
        .replaceAll('OWNER', `${process.getuid?.()}:${process.getgid?.()}`),
    );
    expect(readdirSync(place.dir).sort()).toEqual(['store']);
    const json = mergeSchema.parse(JSON.parse((await place.pare('merge', 'one', 'two', '--json')).stdout));
    expect(json.conflicts.length).toBe(2);
    expect(JSON.parse((await place.pare('images', '--json')).stdout).images.length).toBe(2);
  });

  test('writes where it is told, else into the store', async () => {
    await using place = await stage();
    const prefer = ['--prefer', '/etc/file=2', '-e', 'NAME=both'];
    const merged = await place.pare('merge', 'one', 'two', ...prefer);
    expect(merged).toMatchObject({ status: 0, stdout: expect.stringMatching(/^sha256:[0-9a-f]{64}\n$/) });
    expect((await place.pare('cat', 'merged', '/etc/file')).stdout).toBe('two');
    const json = await place.pare(
      'merge',
      'one',
      'two',
      ...prefer,
      '-t',
      'x',
      '-o',
      'oci:out',
      '--json',
      '--config-from',
      '2',
    );
    const { written, conflicts } = mergeSchema.parse(JSON.parse(json.stdout));
    expect(conflicts).toEqual([]);
    expect(written.map(({ reference }) => reference)).toEqual(['oci:out', 'x']);
    for (const wrong of [
      ['--config-from', '0'],
      ['--config-from', '3'],
      ['--prefer', 'middle'],
    ]) {
      expect((await place.pare('merge', 'one', 'two', ...wrong)).status).toBe(2);
    }
  });
});
