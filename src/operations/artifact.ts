/** Files as an artifact: image-spec manifest.md, "Guidelines for Artifact Usage". @module */
import { Digester, digestOf } from '../base/digest.ts';
import { canonicalJson } from '../base/json.ts';
import { basename } from '../base/path.ts';
import { OCI_EMPTY, OCI_MANIFEST } from '../formats/oci/media-types.ts';
import type { Descriptor, Manifest } from '../formats/oci/types.ts';
import type { Blob } from '../model/content.ts';
import type { Sink } from '../ports/content-store.ts';
import { pushDocument } from '../ports/push-document.ts';
import type { Run } from '../ports/run.ts';
import { openBytes } from '../system/open-file.ts';

export interface ArtifactFiles {
  readonly files: readonly string[];
  readonly artifactType: string;
}

export interface Artifact extends AsyncDisposable {
  readonly descriptor: Descriptor;
  write(sink: Sink, run: Run): Promise<Descriptor>;
}

const EMPTY = canonicalJson({});
/** image-spec annotations.md: the name of a file, as oras writes it. */
const TITLE = 'org.opencontainers.image.title';

/** Files are hashed now and sent when it is written. @throws ImageError NOT_FOUND, DENIED */
export async function openArtifact({ files, artifactType }: ArtifactFiles, run: Run = {}): Promise<Artifact> {
  await using stack = new AsyncDisposableStack();
  const layers: Descriptor[] = [];
  const blobs = new Map<Descriptor, Blob>();
  for (const path of files) {
    const { blob, size } = stack.use(await openBytes(path, run));
    const digester = new Digester();
    for await (const piece of blob.stream(0, size)) digester.update(piece);
    const annotations = { [TITLE]: basename(path) };
    const layer = { mediaType: 'application/octet-stream', digest: digester.digest(), size, annotations };
    layers.push(layer);
    blobs.set(layer, blob);
  }
  const config = { mediaType: OCI_EMPTY, digest: digestOf(EMPTY), size: EMPTY.length };
  const manifest: Manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, artifactType, config, layers };
  const bytes = canonicalJson(manifest);
  const open = stack.move();
  return {
    descriptor: { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.length, artifactType },
    write: async (sink, running) => {
      await pushDocument(sink, OCI_EMPTY, EMPTY, running);
      for (const [layer, blob] of blobs) {
        if (!(await sink.has(layer, running))) await sink.push(layer, blob.stream(0, layer.size), running);
      }
      return pushDocument(sink, OCI_MANIFEST, bytes, running);
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
