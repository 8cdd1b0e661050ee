/**
 * What every medium of images owes: run by each transport and by the store. A medium that cannot do something says so with a
 * reason.
 * @module
 */
import { mkdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/base/digest.ts';
import { type ErrorCode, ImageError } from '../../src/base/errors.ts';
import { canonicalJson } from '../../src/base/json.ts';
import { pieces } from '../../src/base/stream.ts';
import { OCI_INDEX, PARE_EVIDENCE } from '../../src/formats/oci/media-types.ts';
import type { Descriptor } from '../../src/formats/oci/types.ts';
import { apply } from '../../src/model/apply.ts';
import { diff } from '../../src/model/diff.ts';
import { differencesInBytes } from '../../src/model/difference.ts';
import { TreeEditor } from '../../src/model/editor.ts';
import { EMPTY_TREE, type Tree, walk } from '../../src/model/tree.ts';
import { readDocument } from '../../src/ports/verified.ts';
import { openSink } from '../../src/sinks.ts';
import { type Access, openImage, openSource } from '../../src/sources.ts';
import { copyImage } from '../../src/transforms/copy/copy.ts';
import type { NewImage, SavedImage } from '../../src/transforms/save/image.ts';
import { saveImage, writeImage, writeWithAttachments } from '../../src/transforms/save/save.ts';
import { changePlans, planChangeset, trees } from '../arbitraries.ts';
import { imageOf, treeOf, workplace } from '../images.ts';
import type { OciCheck } from '../oci-schemas.ts';

export interface Medium {
  readonly name: string;
  /** The place in a directory, and under a name in it. */
  reference(dir: string, name?: string): string;
  /** Does harm to the bytes of a blob. */
  damage(dir: string, digest: string): void;
  readonly schemas: OciCheck | undefined;
  /** How a name that nothing was committed under fails; default NOT_FOUND. */
  readonly unnamed?: ErrorCode;
  /** What it cannot do, and why. */
  readonly skip: Readonly<Partial<Record<'manifest' | 'referrers' | 'index' | 'names' | 'keeps-blobs', string>>>;
}

const SMALL = { '/bin/tool': 'a program', '/etc/conf': 'x=1\n', '/var/empty/': '' };

export function contentStoreContract(described: Medium): void {
  const { skip } = described;
  const medium: Medium = {
    ...described,
    reference: (dir, name) => {
      mkdirSync(dir, { recursive: true });
      return described.reference(dir, name);
    },
  };
  const unless = (what: keyof Medium['skip']) => (name: string, run: () => Promise<void>) => {
    const reason = skip[what];
    if (reason === undefined) test(name, run);
    else test.skip(`${name} (${reason})`, run);
  };
  const save = async (image: NewImage, reference: string, access: Access): Promise<SavedImage> => {
    await using sink = await openSink(reference, access);
    return await saveImage(image, sink, {}, access.run);
  };

  describe(`images in ${medium.name}`, () => {
    test('an image comes back as it went: config, tree and digests', async () => {
      await using place = await workplace();
      const below = treeOf(SMALL);
      const above = treeOf({ ...SMALL, '/etc/conf': 'x=2\n', '/new': 'n' });
      const image = imageOf(below, {
        layers: [
          { kind: 'made', content: below },
          { kind: 'made', content: diff(below, above), below },
        ],
        annotations: { 'org.example.note': 'é' },
      });
      const reference = medium.reference(place.dir);
      const saved = await save(image, reference, place.access);
      await using opened = await openImage(reference, place.access);
      expect(opened.image.config).toEqual(saved.config);
      expect(await differencesOf(opened.image.tree, above)).toEqual([]);
      expect(opened.image.source?.manifest.config).toEqual(saved.manifest.config);
      if (skip.manifest === undefined) expect(opened.descriptor.digest).toBe(saved.descriptor.digest);
    });

    test('so does any tree, and any change to it', async () => {
      await using place = await workplace();
      let count = 0;
      await fc.assert(
        fc.asyncProperty(trees.map(withTargets), changePlans, async (below, plan) => {
          const changes = planChangeset(plan, below);
          const above = withTargets(apply(below, changes));
          const reference = medium.reference(`${place.dir}/${count++}`, 'any');
          const layers = [
            { kind: 'made' as const, content: below },
            { kind: 'made' as const, content: diff(below, above), below },
          ];
          const saved = await save(imageOf(above, { layers }), reference, place.access);
          await using opened = await openImage(reference, place.access);
          expect(await differencesOf(opened.image.tree, above)).toEqual([]);
          expect(opened.image.config).toEqual(saved.config);
        }),
        { numRuns: 25 },
      );
    });

    test('the same image again is the same, and found again from the cache', async () => {
      await using place = await workplace();
      const reference = medium.reference(place.dir);
      const [one, two] = [await save(imageOf(treeOf(SMALL)), reference, place.access), undefined];
      await using before = await openImage(reference, place.access);
      const again = await save(imageOf(treeOf(SMALL)), reference, place.access);
      await using after = await openImage(reference, place.access);
      expect(again).toEqual(two ?? one);
      expect(await differencesOf(before.image.tree, after.image.tree)).toEqual([]);
    });

    test('an image of no layers, and one with the same layer twice', async () => {
      await using place = await workplace();
      const layer = { kind: 'made', content: treeOf(SMALL) } as const;
      for (const [name, layers] of [
        ['none', []],
        ['twice', [layer, layer]],
      ] as const) {
        const reference = medium.reference(`${place.dir}/${name}`);
        await save(imageOf(EMPTY_TREE, { layers }), reference, place.access);
        await using opened = await openImage(reference, place.access);
        expect(opened.image.layers.length).toBe(layers.length);
        expect(await differencesOf(opened.image.tree, layers.length > 0 ? treeOf(SMALL) : EMPTY_TREE)).toEqual([]);
      }
    });

    test('what is written is as the schemas of the OCI say', async () => {
      if (medium.schemas === undefined) return;
      await using place = await workplace();
      const reference = medium.reference(place.dir);
      await save(imageOf(treeOf(SMALL), { annotations: { a: 'b' } }), reference, place.access);
      await using source = await openSource(reference, place.access);
      const root = await source.resolve();
      const manifest = JSON.parse(Buffer.from(await readDocument(source, root)).toString());
      expect(medium.schemas('descriptor', root)).toEqual([]);
      expect(medium.schemas('manifest', manifest)).toEqual([]);
      const config = await readDocument(source, manifest.config);
      expect(medium.schemas('config', JSON.parse(Buffer.from(config).toString()))).toEqual([]);
    });

    test('without a commit nothing has a name', async () => {
      await using place = await workplace();
      const reference = medium.reference(place.dir);
      {
        await using sink = await openSink(reference, place.access);
        await writeImage(imageOf(treeOf(SMALL)), sink);
      }
      const code = medium.unnamed ?? 'NOT_FOUND';
      await expect(openImage(reference, place.access)).rejects.toMatchObject({ code });
    });

    test('a failed write leaves what was there', async () => {
      await using place = await workplace();
      const reference = medium.reference(place.dir);
      const saved = await save(imageOf(treeOf(SMALL)), reference, place.access);
      const broken = async () => {
        await using sink = await openSink(reference, place.access);
        await sink.push({ mediaType: 'application/octet-stream', digest: digestOf('x'), size: 1 }, failing());
      };
      await expect(broken()).rejects.toThrow('the source broke');
      await using opened = await openImage(reference, place.access);
      expect(opened.image.source?.manifest.config.digest).toBe(saved.manifest.config.digest);
    });

    test('bytes that are not what their descriptor says are refused, and not kept', async () => {
      await using place = await workplace();
      for (const [digest, size] of [
        [digestOf('other'), 4],
        [digestOf('four'), 5],
        [digestOf('four'), 3],
      ] as const) {
        await using sink = await openSink(medium.reference(place.dir), place.access);
        const descriptor = { mediaType: 'application/octet-stream', digest, size };
        const pushed = sink.push(descriptor, pieces(Buffer.from('four')));
        await expect(pushed).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
        if (skip['keeps-blobs'] === undefined) expect(await sink.has(descriptor)).toBe(false);
      }
    });

    test('damage is found when it is read', async () => {
      await using place = await workplace();
      const reference = medium.reference(place.dir);
      const saved = await save(imageOf(treeOf(SMALL)), reference, place.access);
      const layer = skip.manifest === undefined ? saved.manifest.layers[0] : undefined;
      medium.damage(place.dir, layer?.digest ?? (saved.config.rootfs.diff_ids[0] as string));
      await expect(openImage(reference, place.access)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    });

    test('a blob that is not there is said to be missing', async () => {
      await using place = await workplace();
      const reference = medium.reference(place.dir);
      await save(imageOf(treeOf(SMALL)), reference, place.access);
      await using source = await openSource(reference, place.access);
      const missing = { mediaType: 'application/octet-stream', digest: digestOf('never'), size: 5 };
      await expect(readDocument(source, missing)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    test('an aborted run ends with the reason of the signal', async () => {
      await using place = await workplace();
      const reference = medium.reference(place.dir);
      const abort = AbortSignal.abort(new Error('enough'));
      const large = imageOf(treeOf({ '/large': new Uint8Array(4_000_000) }));
      const aborted = async () => {
        await using sink = await openSink(reference, place.access);
        await saveImage(large, sink, {}, { signal: abort });
      };
      await expect(aborted()).rejects.toThrow('enough');
      await expect(openImage(reference, place.access)).rejects.toBeInstanceOf(ImageError);
    });

    unless('names')('several images under several names', async () => {
      await using place = await workplace();
      const [a, b] = [medium.reference(place.dir, 'a'), medium.reference(place.dir, 'b')];
      const one = await save(imageOf(treeOf({ '/one': '1' })), a, place.access);
      const two = await save(imageOf(treeOf({ '/two': '2' })), b, place.access);
      await using first = await openImage(a, place.access);
      await using second = await openImage(b, place.access);
      expect(first.descriptor.digest).toBe(one.descriptor.digest);
      expect(second.descriptor.digest).toBe(two.descriptor.digest);
      await save(imageOf(treeOf({ '/three': '3' })), a, place.access);
      await using moved = await openImage(a, place.access);
      expect(moved.image.tree.root.names).toEqual(['three']);
    });

    unless('referrers')('what refers to an image is found, and travels with it', async () => {
      await using place = await workplace();
      const reference = medium.reference(place.dir);
      const attachments = ['{"a":1}', '{"b":2}'].map((text) => ({
        artifactType: PARE_EVIDENCE,
        bytes: Buffer.from(text),
      }));
      {
        await using sink = await openSink(reference, place.access);
        await saveImage(imageOf(treeOf(SMALL)), sink, { attachments });
      }
      const there = medium.reference(`${place.dir}/other`, 'other');
      {
        await using source = await openSource(reference, place.access);
        await using sink = await openSink(there, place.access);
        await copyImage(source, sink);
      }
      for (const one of [reference, there]) {
        await using source = await openSource(one, place.access);
        const root = await source.resolve();
        const found = await source.referrers(root.digest);
        expect(found.map((referrer) => referrer.artifactType)).toEqual([PARE_EVIDENCE, PARE_EVIDENCE]);
        const texts = await Promise.all(found.map((referrer) => attachmentOf(source, referrer)));
        expect(texts.sort()).toEqual(['{"a":1}', '{"b":2}']);
        expect(await source.referrers(digestOf('another'))).toEqual([]);
      }
    });

    unless('referrers')('so is what refers to a platform of an index, and to what refers to it', async () => {
      await using place = await workplace();
      const [here, there, back] = ['here', 'there', 'back'].map((name) =>
        medium.reference(`${place.dir}/${name}`, name),
      ) as [string, string, string];
      const subjects: Descriptor[] = [];
      {
        await using sink = await openSink(here, place.access);
        const options = { attachments: [{ artifactType: PARE_EVIDENCE, bytes: Buffer.from('{}') }] };
        const { saved, referrers } = await writeWithAttachments(imageOf(treeOf(SMALL)), sink, options);
        const evidence = referrers.get(saved.descriptor.digest)?.[0] as Descriptor;
        const push = async (document: object): Promise<Descriptor> => {
          const bytes = canonicalJson({ schemaVersion: 2, ...document });
          const { mediaType } = document as Descriptor;
          const one = { mediaType, digest: digestOf(bytes), size: bytes.length };
          await sink.push(one, pieces(bytes));
          return one;
        };
        const index = await push({ mediaType: OCI_INDEX, manifests: [saved.descriptor] });
        const signing = ({ mediaType, digest, size }: Descriptor, artifactType: string) =>
          push({ ...saved.manifest, artifactType, subject: { mediaType, digest, size } });
        const signature = await signing(evidence, 'test/signature');
        const told = [
          [saved.descriptor, [evidence]],
          [evidence, [{ ...signature, artifactType: 'test/signature' }]],
          [index, [{ ...(await signing(index, 'test/whole')), artifactType: 'test/whole' }]],
        ] as const;
        await sink.commit(index, { referrers: new Map(told.map(([{ digest }, all]) => [digest, all])) });
        subjects.push(...told.map(([one]) => one));
      }
      for (const [from, to] of [
        [here, there],
        [there, back],
      ] as const) {
        await using source = await openSource(from, place.access);
        await using sink = await openSink(to, place.access);
        await copyImage(source, sink, { referrers: true });
      }
      for (const one of [here, there, back]) {
        await using source = await openSource(one, place.access);
        await source.resolve();
        const found = await Promise.all(subjects.map(({ digest }) => source.referrers(digest)));
        const types = found.map((all) => all.map(({ artifactType }) => artifactType));
        expect(types).toEqual([[PARE_EVIDENCE], ['test/signature'], ['test/whole']]);
        expect(found.flat().flatMap(({ annotations }) => Object.keys(annotations ?? {}))).toEqual([]);
        for (const referrer of found.flat()) await readDocument(source, referrer);
      }
    });

    unless('index')('an index of two platforms: each is found, and the whole is copied', async () => {
      await using place = await workplace();
      const reference = medium.reference(place.dir);
      {
        await using sink = await openSink(reference, place.access);
        const manifests: Descriptor[] = [];
        for (const architecture of ['amd64', 's390x']) {
          const image = imageOf(treeOf({ '/for': architecture }), { platform: { architecture, os: 'linux' } });
          manifests.push((await writeImage(image, sink)).descriptor);
        }
        const bytes = canonicalJson({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
        const root = { mediaType: OCI_INDEX, digest: digestOf(bytes), size: bytes.length };
        await sink.push(root, pieces(bytes));
        await sink.commit(root);
      }
      const there = medium.reference(`${place.dir}/other`, 'other');
      {
        await using source = await openSource(reference, place.access);
        await using sink = await openSink(there, place.access);
        expect((await copyImage(source, sink)).digest).toBe((await source.resolve()).digest);
      }
      for (const architecture of ['amd64', 's390x']) {
        await using opened = await openImage(there, { ...place.access, platform: { architecture, os: 'linux' } });
        expect(opened.image.config.architecture).toBe(architecture);
        expect(opened.index?.mediaType).toBe(OCI_INDEX);
      }
      const missing = openImage(there, { ...place.access, platform: { architecture: 'arm64', os: 'linux' } });
      await expect(missing).rejects.toMatchObject({ code: 'NOT_FOUND', hint: /linux\/amd64, linux\/s390x/ });
    });
  });
}

/** No layer can hold a link without a target. */
function withTargets(tree: Tree): Tree {
  const editor = new TreeEditor(tree);
  for (const { path, node } of walk(tree)) {
    if (node.kind === 'symlink' && node.target === '') editor.put(path, { ...node, target: 'x', link: undefined });
  }
  return editor.done();
}

async function differencesOf(a: Tree, b: Tree): Promise<string[]> {
  const found = await Array.fromAsync(differencesInBytes(a, b));
  return found.map(({ path, aspects }) => `${path} ${aspects.join(' ')}`);
}

async function attachmentOf(source: Awaited<ReturnType<typeof openSource>>, referrer: Descriptor): Promise<string> {
  const manifest = JSON.parse(Buffer.from(await readDocument(source, referrer)).toString());
  return Buffer.from(await readDocument(source, manifest.layers[0])).toString();
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('');
  throw new Error('the source broke');
}
