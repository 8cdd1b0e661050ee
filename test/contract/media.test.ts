import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll } from 'vitest';
import { ociSchemas } from '../oci-schemas.ts';
import { startRegistry } from '../registry/server.ts';
import { contentStoreContract } from './content-store.case.ts';

const schemas = ociSchemas();

/** Changes the middle byte of what follows. */
function flip(path: string, from: number, size: number): void {
  const bytes = readFileSync(path);
  const at = from + Math.floor(size / 2);
  bytes[at] = (bytes[at] as number) ^ 0xff;
  writeFileSync(path, bytes);
}

function flipFile(path: string): void {
  flip(path, 0, readFileSync(path).length);
}

/** The body of the member whose name contains the digest; its size is in octal at byte 124 of the header. */
function flipMember(path: string, digest: string): void {
  const bytes = readFileSync(path);
  const header = bytes.indexOf(digest.slice(7));
  const start = header - (header % 512);
  flip(path, start + 512, Number.parseInt(bytes.toString('latin1', start + 124, start + 135), 8));
}

contentStoreContract({
  name: 'an OCI layout',
  reference: (dir, name) => `oci:${dir}/layout${name === undefined ? '' : `:${name}`}`,
  damage: (dir, digest) => flipFile(`${dir}/layout/blobs/sha256/${digest.slice(7)}`),
  schemas,
  skip: {},
});

contentStoreContract({
  name: 'the store',
  reference: (_, name = 'image') => name,
  // Such a name is looked for in its registry, which cannot be reached.
  unnamed: 'IO',
  damage: (dir, digest) => flipFile(`${dir}/store/blobs/sha256/${digest.slice(7)}`),
  schemas,
  skip: {},
});

contentStoreContract({
  name: 'an OCI archive',
  reference: (dir, name) => `oci-archive:${dir}/image.tar${name === undefined ? '' : `:${name}`}`,
  damage: (dir, digest) => flipMember(`${dir}/image.tar`, digest),
  schemas,
  skip: { names: 'an archive is written whole', 'keeps-blobs': 'a member that failed makes the archive useless' },
});

contentStoreContract({
  name: 'a docker archive',
  reference: (dir, name) => `docker-archive:${dir}/image.tar${name === undefined ? '' : `:${name}`}`,
  damage: (dir, digest) => flipMember(`${dir}/image.tar`, digest),
  schemas,
  skip: {
    manifest: 'it holds no manifest',
    referrers: 'it has no place for them',
    index: 'it holds one platform',
    names: 'an archive is written whole',
    'keeps-blobs': 'a member that failed makes the archive useless',
  },
});

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const repositoryIn = (dir: string) => `test/${createHash('sha256').update(dir).digest('hex')}`;

contentStoreContract({
  name: 'a registry',
  reference: (dir, name = 'latest') => `docker://${registry.host}/${repositoryIn(dir)}:${name}`,
  damage: (dir, digest) => {
    const { blobs } = registry.storage.repository(repositoryIn(dir));
    const bytes = Buffer.from(blobs.get(digest) ?? []);
    const at = Math.floor(bytes.length / 2);
    bytes[at] = (bytes[at] as number) ^ 0xff;
    blobs.set(digest, bytes);
  },
  schemas,
  skip: {},
});
