import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { collect } from '../../../test/bytes.ts';
import { imageOf, treeOf, type Workplace, workplace } from '../../../test/images.ts';
import { present } from '../../base/assert.ts';
import { digestOf } from '../../base/digest.ts';
import { canonicalJson } from '../../base/json.ts';
import { pieces } from '../../base/stream.ts';
import { decompress } from '../../formats/compress/decompress.ts';
import { FOOTER_SIZE, parseFooter } from '../../formats/estargz/footer.ts';
import { OCI_MANIFEST } from '../../formats/oci/media-types.ts';
import { TOC_POSITION } from '../../formats/zstd-chunked/names.ts';
import { verifyReference } from '../../operations/verify.ts';
import { openSink } from '../../sinks.ts';
import type { SavedImage } from '../save/image.ts';
import { saveImage } from '../save/save.ts';

const FORMS = ['estargz', 'zstd:chunked'] as const;

async function save(name: string, text: string, compression: (typeof FORMS)[number], place: Workplace) {
  await using sink = await openSink(`oci:${place.dir}/${name}`, place.access);
  return await saveImage(imageOf(treeOf({ '/etc/name': text, '/bin/x': 'y'.repeat(5000) })), sink, { compression });
}

function blobOf(place: Workplace, name: string, { manifest }: SavedImage): Buffer {
  return readFileSync(`${place.dir}/${name}/blobs/sha256/${manifest.layers[0]?.digest.slice(7)}`);
}

/** Where the table of contents begins. */
function dataEnd(blob: Buffer, { manifest }: SavedImage): number {
  const position = manifest.layers[0]?.annotations?.[TOC_POSITION];
  return position === undefined ? parseFooter(blob.subarray(-FOOTER_SIZE)) : Number.parseInt(position, 10) - 8;
}

describe.each(FORMS)('a layer as %s', (form) => {
  test('whose table of contents speaks of another tar is found out', async () => {
    await using place = await workplace();
    const one = await save('a', 'said here', form, place);
    const other = await save('b', 'and there', form, place);
    expect((await verifyReference(`oci:${place.dir}/a`, place.access)).problems).toEqual([]);
    // The data of one, the table of the other, and digests that are right.
    const [data, table] = [blobOf(place, 'a', one), blobOf(place, 'b', other)];
    const end = dataEnd(table, other);
    expect(dataEnd(data, one)).toBe(end);
    const mixed = Buffer.concat([data.subarray(0, end), table.subarray(end)]);
    const plain = await collect(decompress(pieces(mixed), form === 'estargz' ? 'gzip' : 'zstd'));
    await using sink = await openSink(`oci:${place.dir}/c`, place.access);
    const layer = { ...present(other.manifest.layers[0], 'layer'), digest: digestOf(mixed), size: mixed.length };
    const config = canonicalJson({ ...one.config, rootfs: { type: 'layers', diff_ids: [digestOf(plain)] } });
    const manifest = canonicalJson({
      ...one.manifest,
      config: { ...one.manifest.config, digest: digestOf(config), size: config.length },
      layers: [layer],
    });
    await sink.push(layer, pieces(mixed));
    await sink.push({ ...one.manifest.config, digest: digestOf(config), size: config.length }, pieces(config));
    const root = { mediaType: OCI_MANIFEST, digest: digestOf(manifest), size: manifest.length };
    await sink.push(root, pieces(manifest));
    await sink.commit(root);
    const { problems } = await verifyReference(`oci:${place.dir}/c`, place.access);
    expect(problems.map(({ message }) => message)).toEqual([
      'the table of contents differs from the tar: "etc/name": its chunks',
    ]);
  });
});
