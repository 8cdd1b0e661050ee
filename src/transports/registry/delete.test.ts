import { expect, onTestFinished, test } from 'vitest';
import { testAccess } from '../../../test/registry/access.ts';
import type { Handle, Question } from '../../../test/registry/http.ts';
import { type Registry, type RegistryOptions, startRegistry } from '../../../test/registry/server.ts';
import { type Digest, digestOf } from '../../base/digest.ts';
import { canonicalJson } from '../../base/json.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../formats/oci/media-types.ts';
import { parseReference, type RemoteReference } from '../../formats/reference/parse.ts';
import { deleteFromRegistry } from './delete.ts';

async function started(options: RegistryOptions = {}): Promise<Registry> {
  const registry = await startRegistry(options);
  onTestFinished(() => registry[Symbol.asyncDispose]());
  return registry;
}

/** Puts a manifest into the repository `app`. @returns its digest */
function put(registry: Registry, document: object, ...tags: string[]): Digest {
  const mediaType = 'manifests' in document ? OCI_INDEX : OCI_MANIFEST;
  const bytes = Buffer.from(canonicalJson({ schemaVersion: 2, mediaType, ...document }));
  const store = registry.storage.repository('app');
  store.manifests.set(digestOf(bytes), { mediaType, bytes });
  for (const tag of tags) store.tags.set(tag, digestOf(bytes));
  return digestOf(bytes);
}

function remove(registry: Registry, name: string): Promise<void> {
  const reference = parseReference(`docker://${registry.host}/${name}`) as RemoteReference;
  return deleteFromRegistry(reference, testAccess(), {});
}

const config = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf('{}'), size: 2 };
const manifest = { config, layers: [] };

/** A registry that answers DELETE so, where it is of a tag or of anything. */
function refusing(status: number, fits: (question: Question) => boolean = () => true) {
  const body = Buffer.from('{"errors":[{"code":"UNSUPPORTED","message":"The operation is unsupported."}]}');
  const headers = { 'Content-Type': 'application/json' };
  return (handle: Handle): Handle =>
    async (question) =>
      question.method === 'DELETE' && fits(question) ? { status, headers, body } : handle(question);
}
const ofTag = ({ url }: Question) => !url.pathname.includes('sha256:');

test('by tag the name goes, and the image stays with its others', async () => {
  const registry = await started();
  const digest = put(registry, manifest, 'v1', 'v2');
  await remove(registry, 'app:v1');
  const { tags, manifests } = registry.storage.repository('app');
  expect([...tags]).toEqual([['v2', digest]]);
  expect([...manifests.keys()]).toEqual([digest]);
});

test('by digest the image goes, and its names', async () => {
  const registry = await started();
  const digest = put(registry, manifest, 'v1', 'v2');
  await remove(registry, `app@${digest}`);
  const { tags, manifests } = registry.storage.repository('app');
  expect([tags.size, manifests.size]).toEqual([0, 0]);
  await expect(remove(registry, `app@${digest}`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a tag and a digest at once are too many', async () => {
  const registry = await started();
  const digest = put(registry, manifest, 'v1');
  await expect(remove(registry, `app:v1@${digest}`)).rejects.toMatchObject({ code: 'USAGE' });
  expect(registry.seen).toEqual([]);
});

test.each([400, 405])('where tags cannot be taken away (%i), the way to delete the image is shown', async (status) => {
  const registry = await started({ around: refusing(status, ofTag) });
  const digest = put(registry, manifest, 'v1');
  await expect(remove(registry, 'app:v1')).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringContaining('The operation is unsupported.'),
    hint: expect.stringContaining(`pare delete docker://${registry.host}/app@${digest}`),
  });
  await remove(registry, `app@${digest}`);
  expect(registry.storage.repository('app').manifests.size).toBe(0);
});

test('where deleting is switched off, that is said', async () => {
  const registry = await started({ around: refusing(405) });
  const digest = put(registry, manifest, 'v1');
  await expect(remove(registry, `app@${digest}`)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringMatching(/does not delete: .*The operation is unsupported/),
  });
});

test('a referrer leaves the list that clients keep', async () => {
  const registry = await started({ withoutReferrers: true });
  const subject = put(registry, manifest, 'v1');
  const about = { mediaType: OCI_MANIFEST, digest: subject, size: 1 };
  const [a, b] = ['a', 'b'].map((name) => put(registry, { ...manifest, subject: about, annotations: { name } }));
  const entries = [a, b].map((digest) => ({ mediaType: OCI_MANIFEST, digest, size: 1 }));
  const tag = subject.replace(':', '-');
  put(registry, { manifests: entries }, tag);
  await remove(registry, `app@${a}`);
  const list = registry.storage.repository('app').manifest(tag)?.manifest.bytes.toString();
  expect(JSON.parse(list ?? '').manifests).toEqual(entries.slice(1));
});
