/** What refers to images travels with them, also where they are parts of an index; and it is said what stays behind. */
import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { imageOf, treeOf, type Workplace, workplace } from '../../test/images.ts';
import { digestOf } from '../base/digest.ts';
import { canonicalJson } from '../base/json.ts';
import { pieces } from '../base/stream.ts';
import { OCI_INDEX, PARE_EVIDENCE } from '../formats/oci/media-types.ts';
import { joinedReferrers } from '../formats/oci/referrers.ts';
import type { Descriptor, Platform } from '../formats/oci/types.ts';
import { openSink } from '../sinks.ts';
import { openSource } from '../sources.ts';
import { saveImage, writeWithAttachments } from '../transforms/save/save.ts';
import { copy } from './copy.ts';
import { openIndexing } from './index.ts';
import { openMutation } from './mutate.ts';
import { openSquashing } from './squash.ts';
import { verifyReference } from './verify.ts';

const linux = (architecture: string): Platform => ({ architecture, os: 'linux' });
const ATTACHMENTS = [
  { artifactType: PARE_EVIDENCE, bytes: Buffer.from('{"why":1}') },
  { artifactType: 'test/signature', bytes: Buffer.from('signed') },
];

function image(architecture: string) {
  const layers = ['/lower', '/upper'].map((path) => ({ kind: 'made' as const, content: treeOf({ [path]: 'x' }) }));
  return imageOf(treeOf({ '/upper': 'x' }), { platform: linux(architecture), layers });
}

/** Two platforms, each with evidence and a signature. */
async function both({ access }: Workplace, reference: string): Promise<Descriptor> {
  await using sink = await openSink(reference, access);
  const parts = [];
  for (const one of ['amd64', 'arm64']) {
    parts.push(await writeWithAttachments(image(one), sink, { attachments: ATTACHMENTS }));
  }
  const manifests = parts.map(({ saved }) => saved.descriptor);
  const bytes = canonicalJson({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
  const root = { mediaType: OCI_INDEX, digest: digestOf(bytes), size: bytes.length };
  await sink.push(root, pieces(bytes));
  await sink.commit(root, { referrers: joinedReferrers(parts.map(({ referrers }) => referrers)) });
  return root;
}

/** How many refer to each image of an index. */
async function counts(reference: string, { access }: Workplace): Promise<number[]> {
  await using source = await openSource(reference, access);
  const { manifests } = JSON.parse(
    Buffer.concat(await Array.fromAsync(source.fetch(await source.resolve()))).toString(),
  );
  return Promise.all(manifests.map(async ({ digest }: Descriptor) => (await source.referrers(digest)).length));
}

test('of the images that an index keeps, what refers to them goes along, and what cannot is counted', async () => {
  await using place = await workplace();
  await both(place, 'both');
  await copy({ from: 'both', to: 'same' }, place.access);
  expect(await counts('same', place)).toEqual([2, 2]);
  await copy({ from: 'both', to: 'none', referrers: false }, place.access);
  // The store knows them, whatever index the images are in.
  await copy({ from: 'none', to: `oci:${place.dir}/none`, referrers: false }, place.access);
  expect(await counts(`oci:${place.dir}/none`, place)).toEqual([0, 0]);
  expect(place.warnings).toEqual([]);
  await copy({ from: 'both', to: `oci:${place.dir}/other`, compression: 'zstd' }, place.access);
  expect(place.warnings).toEqual([expect.stringMatching(/gets another digest, and loses .*: 4 /)]);
});

test('--referrers: nothing is written where something would be lost', async () => {
  await using place = await workplace();
  await both(place, 'both');
  const lossy = { from: 'both', to: 'x', referrers: true, compression: 'zstd' } as const;
  await expect(copy(lossy, place.access)).rejects.toMatchObject({ code: 'UNSUPPORTED', message: /: 4 / });
  const to = `docker-archive:${place.dir}/a.tar`;
  const archive = copy({ from: 'both', to, referrers: true, platforms: [linux('amd64')] }, place.access);
  await expect(archive).rejects.toMatchObject({ code: 'UNSUPPORTED', message: /cannot hold.*: 2 / });
  // Another index of images that stay: nothing refers to the index itself.
  await using indexing = await openIndexing('both', { images: [], annotations: { a: 'b' } }, place.access);
  await indexing.save('annotated');
  await copy({ from: 'annotated', to: `oci:${place.dir}/all`, referrers: true }, place.access);
  expect(await counts(`oci:${place.dir}/all`, place)).toEqual([2, 2]);
});

test('index create and add bring what refers to the images', async () => {
  await using place = await workplace();
  for (const one of ['amd64', 'arm64']) {
    await using sink = await openSink(`oci:${place.dir}/${one}`, place.access);
    await saveImage(image(one), sink, { attachments: ATTACHMENTS });
  }
  const [one, other, to] = ['amd64', 'arm64', 'to'].map((name) => `oci:${place.dir}/${name}`) as [
    string,
    string,
    string,
  ];
  await using created = await openIndexing(undefined, { images: [one] }, place.access);
  await created.save(to);
  await using added = await openIndexing(to, { images: [other] }, place.access);
  await added.save(to);
  expect(await counts(to, place)).toEqual([2, 2]);
  expect(place.warnings).toEqual([]);
});

test('editing every image of an index: evidence holds where files stay, and once it is said what stays behind', async () => {
  await using place = await workplace();
  await both(place, 'both');
  await using squashing = await openSquashing('both', {}, place.access);
  await squashing.save(`oci:${place.dir}/one`);
  await squashing.save(`oci:${place.dir}/two`);
  expect(place.warnings).toEqual([expect.stringMatching(/^both becomes another image.*stays behind: 2 /)]);
  for (const name of ['one', 'two']) expect(await counts(`oci:${place.dir}/${name}`, place)).toEqual([1, 1]);
  await using mutation = await openMutation(`oci:${place.dir}/one`, { labels: { a: 'b' } }, undefined, place.access);
  await mutation.save('labelled');
  expect(await counts('labelled', place)).toEqual([1, 1]);
  expect(place.warnings.length).toBe(1);
});

test('an index whose images stay as they are stays as it is', async () => {
  await using place = await workplace();
  await both(place, 'both');
  await using squashing = await openSquashing('both', {}, place.access);
  const { digest } = await squashing.save('one');
  place.warnings.length = 0;
  await using again = await openSquashing('one', {}, place.access);
  expect(await again.save(`oci:${place.dir}/same`)).toMatchObject({ digest });
  expect(await counts(`oci:${place.dir}/same`, place)).toEqual([1, 1]);
  expect(place.warnings).toEqual([]);
});

test('verify looks at what refers to the parts of an index', async () => {
  await using place = await workplace();
  const reference = `oci:${place.dir}/both`;
  await both(place, reference);
  expect((await verifyReference(reference, place.access)).problems).toEqual([]);
  const signature = digestOf('signed');
  rmSync(`${place.dir}/both/blobs/sha256/${signature.slice('sha256:'.length)}`);
  const { problems } = await verifyReference(reference, place.access);
  expect(problems.map(({ digest }) => digest)).toEqual([signature]);
});
