import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layerEntries } from '../../test/arbitraries.ts';
import { memoryBlob } from '../../test/bytes.ts';
import { type Content, EMPTY_CONTENT, sliceContent } from '../model/content.ts';
import type { LayerEntry } from '../model/layer/entry.ts';
import { FILE_META } from '../model/node.ts';
import { decodeEntries, EntryWriter } from './entry-codec.ts';

const BLOB = memoryBlob(new Uint8Array());
const HEADER = { boot: 'this start', size: 2 ** 40 };

/** Contents as scanning gives them: parts of the layer. */
function scanned(entries: readonly LayerEntry[]): LayerEntry[] {
  let at = 512;
  return entries.map((entry) => {
    if (entry.kind !== 'node' || entry.node.kind !== 'file') return entry;
    const { size } = entry.node.content;
    const offset = at;
    at += size + 1024;
    const sparse: Content = { kind: 'sparse', blob: BLOB, size: 2 ** 41, extents: [{ at: 2 ** 40, offset, size }] };
    const content = size === 0 ? EMPTY_CONTENT : size % 2 === 0 ? sparse : sliceContent(BLOB, offset, size);
    return { ...entry, node: { ...entry.node, content } };
  });
}

function encode(entries: readonly LayerEntry[]): Buffer {
  const writer = new EntryWriter();
  for (const entry of entries) writer.add(entry);
  return writer.done(HEADER);
}

describe('entries of a layer', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(layerEntries.map(scanned), (entries) => {
        const decoded = decodeEntries(encode(entries), BLOB);
        expect(decoded?.header).toEqual(HEADER);
        // fast-check makes records without a prototype. The second time, the same entries come again.
        for (let i = 0; i < 2; i++) expect([...(decoded?.entries ?? [])]).toEqual(withPrototypes(entries));
      }),
    );
  });

  test('large numbers, shared metadata, links, names of any bytes', () => {
    const link = { link: true } as const;
    const file = (path: string, more = {}): LayerEntry => ({
      kind: 'node',
      path,
      node: { kind: 'file', meta: FILE_META, mtime: -(2 ** 40), mtimeNs: 1, link, content: EMPTY_CONTENT, ...more },
    });
    const entries = [
      file('/\uDC80/a'),
      file('/\uDC80/\u{1F600}b'),
      file('/\uDC80/\u{1F601}', { content: sliceContent(BLOB, 2 ** 52, 2 ** 51), mtime: 2 ** 40 }),
    ];
    const decoded = [...(decodeEntries(encode(entries), BLOB)?.entries ?? [])];
    expect(decoded).toEqual(entries);
    const nodes = decoded.map((entry) =>
      entry.kind === 'node' && entry.node.kind === 'file' ? entry.node : undefined,
    );
    expect(nodes[0]?.link).toBe(nodes[1]?.link);
    expect(nodes[0]?.meta).toBe(nodes[2]?.meta);
  });

  test('any damage is noticed', () => {
    const bytes = encode([{ kind: 'whiteout', path: '/a/b' }]);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] as number) ^ 0x10;
      expect(decodeEntries(damaged, BLOB), `byte ${at}`).toBeUndefined();
      expect(decodeEntries(bytes.subarray(0, at), BLOB)).toBeUndefined();
    }
  });
});

function withPrototypes(value: unknown): unknown {
  if (
    typeof value !== 'object' ||
    value === null ||
    value === BLOB ||
    value instanceof Map ||
    ArrayBuffer.isView(value)
  ) {
    return value;
  }
  if (Array.isArray(value)) return value.map(withPrototypes);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withPrototypes(inner)]));
}
