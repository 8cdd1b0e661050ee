/** Reading an image that lies in pieces: as the image it is, with the very bytes of its blobs. @module */
import type { Digest } from '../../base/digest.ts';
import { collect } from '../../base/stream.ts';
import { isManifestType } from '../../formats/oci/media-types.ts';
import { parseManifest } from '../../formats/oci/parse.ts';
import { bySubject } from '../../formats/oci/referrers.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import { PIECES_CONFIG, type Pieces, parsePieces } from '../../formats/pieces/document.ts';
import type { Source } from '../../ports/content-store.ts';
import type { Run } from '../../ports/run.ts';
import { readDocument, verified } from '../../ports/verified.ts';

/** Pieces that are fetched ahead. */
const AHEAD = 8;

/** The same source; where its reference names an artifact of pieces, the image that it stands for. */
export function assembled(source: Source): Source {
  let found: Pieces | undefined;
  const fetch: Source['fetch'] = (descriptor, run) => {
    const { digest, size } = descriptor;
    const parts = found?.pieces.get(digest);
    if (parts !== undefined) return verified({ digest, size }, joined(source, parts, run), source.reference);
    return source.fetch(found?.wholes.get(digest) ?? descriptor, run);
  };
  return {
    ...source,
    resolve: async (run = {}) => {
      const root = await source.resolve(run);
      found = await piecesOf(source, root, run);
      return found?.document.root ?? root;
    },
    fetch,
    referrers: async (subject: Digest, run) => {
      if (found === undefined) return source.referrers(subject, run);
      const { root, referrers } = found.document;
      return bySubject(root.digest, referrers).get(subject) ?? [];
    },
  };
}

async function piecesOf(source: Source, root: Descriptor, run: Run): Promise<Pieces | undefined> {
  if (!isManifestType(root.mediaType)) return undefined;
  const manifest = parseManifest(await readDocument(source, root, run), root);
  if (manifest.config.mediaType !== PIECES_CONFIG) return undefined;
  return parsePieces(await readDocument(source, manifest.config, run), manifest);
}

/** One behind the other, while the next are on their way. */
async function* joined(source: Source, parts: readonly Descriptor[], run?: Run): AsyncGenerator<Uint8Array> {
  const underWay: Promise<Uint8Array>[] = [];
  const start = (part: Descriptor) => {
    const fetched = collect(source.fetch(part, run), part.size, `the piece ${part.digest}`);
    fetched.catch(() => undefined); // awaited in its turn, unless the reader stops before
    underWay.push(fetched);
  };
  for (const [i, part] of parts.entries()) {
    start(part);
    if (i >= AHEAD) yield await (underWay.shift() as Promise<Uint8Array>);
  }
  for (const fetched of underWay) yield await fetched;
}
