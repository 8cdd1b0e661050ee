/**
 * Tables of umoci on media types, attributes and ids: what holds here as well, and what differs for the reasons that docs/laws.md
 * writes down. Those on whiteouts and scoping are in `src/model/anchor.fixtures.test.ts` and `extract.test.ts`.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { layerCompression } from '../../src/formats/oci/media-types.ts';
import { applyLayer } from '../../src/model/anchor.ts';
import { TreeEditor } from '../../src/model/editor.ts';
import { readLayer } from '../../src/model/layer/read.ts';
import { writeLayer } from '../../src/model/layer/write.ts';
import { EMPTY_TREE, nodeAt } from '../../src/model/tree.ts';
import { collect, memoryBlob } from '../bytes.ts';
import { sharedFixture } from '../shared.ts';
import { file } from '../trees.ts';

const umoci = sharedFixture('umoci-tables');
const table = <T>(name: string): T[] =>
  umoci === undefined ? [] : JSON.parse(readFileSync(`${umoci}/${name}.json`, 'utf8'));

/** `{"$go": …}` is an expression of the Go source. */
type Expression = string | { readonly $go: string };

const NAMES: Readonly<Record<string, string>> = {
  MediaTypeImageLayer: 'application/vnd.oci.image.layer.v1.tar',
  MediaTypeImageLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  MediaTypeImageLayerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  MediaTypeImageLayerNonDistributable: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
  MediaTypeImageLayerNonDistributableGzip: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  MediaTypeImageLayerNonDistributableZstd: 'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
};

function mediaType(expression: Expression): string {
  if (typeof expression === 'string') return expression;
  const name = /ispec\.(\w+)/.exec(expression.$go)?.[1] ?? '';
  return `${NAMES[name]}${expression.$go.includes('+invalid') ? '+invalid' : ''}`;
}

const COMPRESSIONS: Readonly<Record<string, string>> = {
  'blobcompress.Noop': 'none',
  'blobcompress.Gzip': 'gzip',
  'blobcompress.Zstd': 'zstd',
};

describe.skipIf(umoci === undefined)('as umoci has it', () => {
  test.each(table<[string, Expression, boolean, { $go: string } | null]>('TestLayerCompressionCheck'))(
    'compression of %s',
    (_name, type, _isLayer, wanted) => {
      expect(layerCompression(mediaType(type))).toBe(wanted === null ? undefined : COMPRESSIONS[wanted.$go]);
    },
  );

  const names = [
    ...table<[string]>('TestGetXattrFilter').map(([name]) => name),
    ...table<[string, string]>('TestOverlayXattrFilter').map(([, name]) => name),
  ];
  test.each([...new Set(names)])('unlike umoci, the attribute %s is carried as it is', async (name) => {
    const editor = new TreeEditor();
    const xattrs = new Map([[name, Uint8Array.of(0, 255)]]);
    editor.put('/file', { ...file('x'), meta: { mode: 0o644, uid: 0, gid: 0, xattrs } });
    const tree = editor.done();
    const bytes = await collect(writeLayer(tree));
    const read = (await applyLayer(EMPTY_TREE, readLayer(memoryBlob(bytes), bytes.length))).tree;
    expect(nodeAt(read, '/file')?.meta.xattrs).toEqual(xattrs);
  });

  test.each(table<[string, number, number]>('TestUnmapRootless'))(
    'unlike umoci, owners stand in the header alone, and in no attribute: %s',
    async (_name, uid, gid) => {
      const editor = new TreeEditor();
      editor.put('/file', { ...file('x'), meta: { mode: 0o644, uid, gid } });
      const bytes = await collect(writeLayer(editor.done()));
      const read = (await applyLayer(EMPTY_TREE, readLayer(memoryBlob(bytes), bytes.length))).tree;
      expect(nodeAt(read, '/file')?.meta).toEqual({ mode: 0o644, uid, gid });
    },
  );
});
