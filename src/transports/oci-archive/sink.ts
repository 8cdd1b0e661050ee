/** `oci-archive:FILE[:NAME]` as a sink: an OCI layout written as a tar, in one pass, in place of what the file was. @module */
import { algorithmOf, type Digest, Digester, digestOf, encodedOf } from '../../base/digest.ts';
import { canonicalJson } from '../../base/json.ts';
import { pieces, tapped } from '../../base/stream.ts';
import { EMPTY_INDEX, LAYOUT_FILE, referrersDocument, withEntry, withReferrers } from '../../formats/oci/layout.ts';
import { listedWith } from '../../formats/oci/referrers.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import type { LayoutReference } from '../../formats/reference/parse.ts';
import type { Sink } from '../../ports/content-store.ts';
import { verified } from '../../ports/verified.ts';
import { openArchiveWriter } from '../../system/archive-writer.ts';
import { handleBlob } from '../../system/file-blob.ts';
import { spool } from '../../system/spool.ts';

/** @throws ImageError USAGE, DENIED, CONFLICT */
export async function openOciArchiveSink(reference: LayoutReference): Promise<Sink> {
  const writer = await openArchiveWriter(reference.path);
  await writer.addBytes('oci-layout', LAYOUT_FILE);
  const written = new Set<Digest>();

  const add = async (descriptor: Pick<Descriptor, 'digest' | 'size'>, bytes: AsyncIterable<Uint8Array>) => {
    if (written.has(descriptor.digest)) return;
    written.add(descriptor.digest);
    const name = `blobs/${algorithmOf(descriptor.digest)}/${encodedOf(descriptor.digest)}`;
    await writer.add(name, descriptor.size, verified(descriptor, bytes, 'what was to be written'));
  };
  /** A header states the size, which is known at the end only. */
  const write: Sink['write'] = async (mediaType, bytes, run) => {
    const digester = new Digester();
    await using kept = await spool(tapped(bytes, digester), 'a layer', run);
    const descriptor = { mediaType, digest: digester.digest(), size: kept.size };
    await add(descriptor, handleBlob('spool', kept.handle, 'a layer').stream(0, kept.size));
    return descriptor;
  };

  return {
    reference: reference.text,
    sequential: true,
    has: async (descriptor) => written.has(descriptor.digest),
    push: add,
    write,
    commit: async (root, options = {}) => {
      let index = withEntry(EMPTY_INDEX, root, reference.name);
      if (options.referrers !== undefined && options.referrers.size > 0) {
        const document = referrersDocument(listedWith(root.digest, options.referrers));
        const list = { digest: digestOf(document), size: document.length };
        await add(list, pieces(document));
        index = withReferrers(index, root.digest, list);
      }
      await writer.addBytes('index.json', canonicalJson(index));
      await writer.finish();
    },
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}
