/** What the test registry holds, in memory. @module */
import { createHash, randomUUID } from 'node:crypto';

export interface StoredManifest {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface Upload {
  readonly id: string;
  pieces: Buffer[];
  size: number;
}

export class Repository {
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, StoredManifest>();
  readonly tags = new Map<string, string>();
  readonly uploads = new Map<string, Upload>();

  startUpload(): Upload {
    const upload = { id: randomUUID(), pieces: [], size: 0 };
    this.uploads.set(upload.id, upload);
    return upload;
  }

  /** By tag or digest. */
  manifest(reference: string): { digest: string; manifest: StoredManifest } | undefined {
    const digest = reference.includes(':') ? reference : this.tags.get(reference);
    const manifest = digest === undefined ? undefined : this.manifests.get(digest);
    return digest === undefined || manifest === undefined ? undefined : { digest, manifest };
  }
}

export class Storage {
  readonly #repositories = new Map<string, Repository>();

  /** Made when it is first asked for: a registry knows no empty repositories. */
  repository(name: string): Repository {
    const found = this.#repositories.get(name) ?? new Repository();
    this.#repositories.set(name, found);
    return found;
  }
}

export function digestLike(bytes: Uint8Array, like = 'sha256:'): string {
  const algorithm = like.startsWith('sha512:') ? 'sha512' : 'sha256';
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}
