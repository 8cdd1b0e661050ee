/** Layers that are read where they lie are verified while something is made of them: what is made of damaged ones is never shown. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { imageOf, treeOf, type Workplace, workplace } from '../../test/images.ts';
import { diff } from '../model/diff.ts';
import { openSink } from '../sinks.ts';
import { openImage } from '../sources.ts';
import { saveImage } from '../transforms/save/save.ts';
import { openSquashing } from './squash.ts';

/** An image of two uncompressed layers, and the path of the upper one. */
async function written({ dir, access }: Workplace): Promise<{ reference: string; layer: string }> {
  const below = treeOf({ '/a': 'below', '/b': 'stays' });
  const above = treeOf({ '/a': 'TEXT OF THE UPPER LAYER', '/b': 'stays' });
  const layers = [
    { kind: 'made', content: below } as const,
    { kind: 'made', content: diff(below, above), below } as const,
  ];
  await using sink = await openSink(`oci:${dir}/layout:image`, access);
  const { manifest } = await saveImage(imageOf(below, { layers }), sink, { compression: 'none' });
  const digest = manifest.layers[1]?.digest.slice('sha256:'.length);
  return { reference: `oci:${dir}/layout:image`, layer: `${dir}/layout/blobs/sha256/${digest}` };
}

async function squashed(reference: string, to: string, { access }: Workplace): Promise<void> {
  await using squashing = await openSquashing(reference, { compression: 'none' }, access);
  await squashing.save(to);
}

/** Changes a byte where the text is, or in the first header. */
function damage(path: string, text: string): void {
  const bytes = readFileSync(path);
  const at = bytes.indexOf(text);
  expect(at).toBeGreaterThanOrEqual(0);
  bytes[at] = (bytes[at] as number) ^ 0x20;
  writeFileSync(path, bytes);
}

test.each([
  ['a body', 'TEXT OF', 'oci:DIR/out:squashed', 'out'],
  ['a body', 'TEXT OF', 'docker-archive:DIR/out.tar', 'out.tar'],
  ['a body', 'TEXT OF', 'rootfs:DIR/root', 'root'],
  ['a header', 'ustar', 'oci:DIR/out:squashed', 'out'],
])('damage in %s is found, and nothing is left', async (_, text, to, left) => {
  await using place = await workplace();
  const { reference, layer } = await written(place);
  const whole = readFileSync(layer);
  damage(layer, text);
  await expect(squashed(reference, to.replace('DIR', place.dir), place)).rejects.toMatchObject({
    code: 'DIGEST_MISMATCH',
  });
  expect(existsSync(`${place.dir}/${left}`)).toBe(false);
  await expect(openImage(reference, place.access)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  // Nor is it remembered as verified.
  rmSync(layer);
  writeFileSync(layer, whole);
  await squashed(reference, to.replace('DIR', place.dir), place);
  expect(readdirSync(place.dir)).toContain(left);
});

test('a run that is aborted leaves nothing, and ends', async () => {
  await using place = await workplace();
  const { reference } = await written(place);
  const abort = new AbortController();
  const run = { signal: abort.signal };
  await using squashing = await openSquashing(reference, { compression: 'none' }, { ...place.access, run });
  abort.abort(new Error('enough'));
  await expect(squashing.save(`oci:${place.dir}/out:squashed`)).rejects.toThrow('enough');
  expect(existsSync(`${place.dir}/out`)).toBe(false);
});
