/** Images whose layers nobody has to look at. @module */
import type { DiffId } from '../base/digest.ts';
import type { Descriptor } from '../formats/oci/types.ts';
import { EMPTY_CHANGESET } from '../model/changeset.ts';
import type { Blob } from '../model/content.ts';
import type { Image } from '../model/image.ts';
import { EMPTY_TREE } from '../model/tree.ts';
import type { Source } from '../ports/content-store.ts';
import type { Run } from '../ports/run.ts';
import { loadDocuments } from '../transforms/load/load.ts';

/** The image as its documents state it: no layer is fetched, so that neither its tree nor what layers change is known. */
export async function loadUnread(source: Source, descriptor: Descriptor, run?: Run): Promise<Image> {
  const { config, ...documents } = await loadDocuments(source, descriptor, run);
  const layers = documents.manifest.layers.map((layer, i) => ({
    diffId: config.rootfs.diff_ids[i] as DiffId,
    descriptor: layer,
    blob: UNREAD,
    size: 0,
    changes: EMPTY_CHANGESET,
  }));
  return { config, layers, tree: EMPTY_TREE, source: { descriptor, ...documents } };
}

const UNREAD: Blob = { id: 'unread', read: unread, stream: unread };

function unread(): never {
  throw new Error('bug: this layer was not to be read');
}
