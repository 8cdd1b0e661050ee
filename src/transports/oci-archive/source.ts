/** `oci-archive:FILE[:NAME]` as a source: an OCI layout in a tar, read where it lies. @module */
import { algorithmOf, type Digest, encodedOf } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { chooseEntry, plainDescriptor } from '../../formats/oci/layout.ts';
import { checkLayoutFile, MANIFEST_LIMIT, parseIndexFile } from '../../formats/oci/parse.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import type { LayoutReference } from '../../formats/reference/parse.ts';
import type { Source } from '../../ports/content-store.ts';
import { layoutReferrers } from '../../ports/layout-referrers.ts';
import type { Run } from '../../ports/run.ts';
import { verified } from '../../ports/verified.ts';
import { type Archive, type Member, openArchive, readMember } from '../../system/archive.ts';

/** @throws ImageError NOT_FOUND where the tar holds no layout; INVALID */
export async function openOciArchiveSource(reference: LayoutReference, run: Run = {}): Promise<Source> {
  await using stack = new AsyncDisposableStack();
  const archive = stack.use(await openArchive(reference.path, run));
  const index = await readLayoutIndex(archive);
  const fetch: Source['fetch'] = (descriptor) => {
    const { blob, size } = blobMember(archive, descriptor.digest);
    return verified(descriptor, blob.stream(0, size), archive.path);
  };
  const open = stack.move();
  return {
    reference: reference.text,
    resolve: async () => plainDescriptor(chooseEntry(index, reference, archive.path)),
    fetch,
    blob: async (descriptor) => blobInPlace(archive, descriptor),
    referrers: layoutReferrers(() => index, fetch),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

async function readLayoutIndex(archive: Archive): Promise<ReturnType<typeof parseIndexFile>> {
  const layout = archive.member('oci-layout');
  const index = archive.member('index.json');
  if (layout === undefined || index === undefined) {
    throw new ImageError('NOT_FOUND', `${archive.path} holds no OCI image layout`, {
      hint:
        archive.member('manifest.json') === undefined
          ? 'if it is the tar of a root filesystem, write tar:FILE'
          : 'it looks like an archive of docker save: write docker-archive:FILE',
    });
  }
  checkLayoutFile(await readMember(layout, 4096, 'oci-layout'), `oci-layout in ${archive.path}`);
  const what = `index.json in ${archive.path}`;
  return parseIndexFile(await readMember(index, MANIFEST_LIMIT, what), what);
}

function blobMember(archive: Archive, digest: Digest): Member {
  const member = archive.member(`blobs/${algorithmOf(digest)}/${encodedOf(digest)}`);
  if (member !== undefined) return member;
  throw new ImageError('NOT_FOUND', `${archive.path} lacks the blob ${digest}`, {
    hint: 'the archive is not whole: write it again',
  });
}

function blobInPlace(archive: Archive, descriptor: Descriptor): Member['blob'] | undefined {
  if (!archive.inPlace) return undefined;
  const { blob, size } = blobMember(archive, descriptor.digest);
  return size === descriptor.size ? blob : undefined;
}
