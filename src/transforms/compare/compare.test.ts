import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { trees } from '../../../test/arbitraries.ts';
import { treeOf } from '../../../test/trees.ts';
import type { DiffId } from '../../base/digest.ts';
import type { ImageConfig, RunConfig } from '../../formats/oci/types.ts';
import { sameTreeInBytes } from '../../model/difference.ts';
import { TreeEditor } from '../../model/editor.ts';
import { IMPLICIT_DIR } from '../../model/node.ts';
import type { Tree } from '../../model/tree.ts';
import { compareConfigs } from './config.ts';
import { compareFiles } from './files.ts';
import { comparePackages } from './packages.ts';

const told = async (a: Tree, b: Tree, times = false) =>
  (await Array.fromAsync(compareFiles(a, b, { times }))).map(({ path, before, after, aspects }) => {
    return `${before === undefined ? '+' : after === undefined ? '-' : '~'} ${path} ${aspects.join(' ')}`.trimEnd();
  });

describe('files', () => {
  test('added, removed, changed', async () => {
    const before = treeOf(`
      /dir/gone x
      /dir/same x
      /content one
      /size one
      /link -> here
      /kind x
      /a x
      /b => /a
    `);
    const after = treeOf(`
      /dir/new x
      /dir/same x
      /content two
      /size three
      /link -> there
      /kind/
      /a x
      /b x
    `);
    expect(await told(before, after)).toEqual([
      '~ /b links',
      '~ /content content',
      '- /dir/gone',
      '+ /dir/new',
      '~ /kind kind mode',
      '~ /link target',
      '~ /size content',
    ]);
  });

  test('times count if asked for', async () => {
    const [a, b] = [1, 2].map((mtime) => {
      const editor = new TreeEditor(treeOf('/a x'));
      editor.putDir('/d', { ...IMPLICIT_DIR, mtime });
      return editor.done();
    }) as [Tree, Tree];
    expect(await told(a, b)).toEqual([]);
    expect(await told(a, b, true)).toEqual(['~ /d mtime']);
  });

  test('nothing is told exactly where the trees are the same', async () => {
    const pairs = fc.oneof(
      fc.tuple(trees, trees),
      trees.map((tree): [Tree, Tree] => [tree, new TreeEditor(tree).done()]),
    );
    await fc.assert(
      fc.asyncProperty(pairs, async ([a, b]) => {
        expect((await told(a, b, true)).length === 0).toBe(await sameTreeInBytes(a, b));
        const [there, back] = [await told(a, b), await told(b, a)];
        expect(back.length).toBe(there.length);
      }),
      { numRuns: 500 },
    );
  });
});

test('packages by kind, name and architecture', () => {
  const one = (name: string, version: string, architecture?: string) => ({
    kind: 'dpkg',
    name,
    version,
    ...(architecture === undefined ? {} : { architecture }),
  });
  const before = [one('same', '1'), one('gone', '1'), one('up', '1', 'amd64'), one('up', '1', 'i386'), one('two', '1')];
  const after = [
    one('up', '1', 'i386'),
    one('up', '2', 'amd64'),
    one('same', '1'),
    one('two', '2'),
    one('two', '1'),
    one('new', '3'),
  ];
  expect(comparePackages(before, after)).toEqual([
    { kind: 'dpkg', name: 'gone', before: ['1'], after: [] },
    { kind: 'dpkg', name: 'new', before: [], after: ['3'] },
    { kind: 'dpkg', name: 'two', before: ['1'], after: ['1', '2'] },
    { kind: 'dpkg', name: 'up', architecture: 'amd64', before: ['1'], after: ['2'] },
  ]);
  expect(comparePackages(before, before.toReversed())).toEqual([]);
});

describe('configs', () => {
  const image = (config: RunConfig, more: Partial<ImageConfig> = {}): ImageConfig => ({
    os: 'linux',
    architecture: 'amd64',
    config,
    rootfs: { type: 'layers', diff_ids: [] },
    ...more,
  });

  test('field by field, variables, labels, ports and volumes one by one', () => {
    const before = image({
      Env: ['A=1', 'B=2'],
      Cmd: ['a'],
      Labels: { x: '1', y: '1' },
      ExposedPorts: { '80/tcp': {} },
    });
    const after = image(
      { Env: ['B=2', 'A=3', 'C='], Cmd: ['b'], Labels: { x: '2' }, Volumes: { '/v': {} }, User: 'me' },
      { architecture: 'arm64' },
    );
    expect(compareConfigs(before, after, { times: false })).toEqual([
      { field: 'Cmd', before: '["a"]', after: '["b"]' },
      { field: 'Env.A', before: '1', after: '3' },
      { field: 'Env.C', after: '' },
      { field: 'ExposedPorts.80/tcp', before: '{}' },
      { field: 'Labels.x', before: '1', after: '2' },
      { field: 'Labels.y', before: '1' },
      { field: 'User', after: 'me' },
      { field: 'Volumes./v', after: '{}' },
      { field: 'architecture', before: 'amd64', after: 'arm64' },
    ]);
  });

  test('what says nothing, how it was made, and when, unless times count', () => {
    const one = image(
      { User: '', Cmd: null, Volumes: null, Env: [] },
      { created: '2026-01-01T00:00:00Z', history: [{}] },
    );
    const other = image(
      {},
      { created: '2025-01-01T00:00:00Z', rootfs: { type: 'layers', diff_ids: ['sha256:0' as DiffId] } },
    );
    expect(compareConfigs(one, other, { times: false })).toEqual([]);
    expect(compareConfigs(one, other, { times: true }).map(({ field }) => field)).toEqual(['created']);
  });
});
