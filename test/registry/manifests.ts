/** Manifests, tags and referrers: distribution-spec 1.1. @module */
import { json, page, refused } from './answers.ts';
import type { Question } from './http.ts';
import { digestLike, type Repository, type StoredManifest } from './storage.ts';
import type { Answer } from './wire.ts';

export interface ManifestOptions {
  /** Referrers are told by the referrers tag alone, which clients keep ("Referrers Tag Schema"). */
  readonly withoutReferrers?: boolean;
  /** Most entries of a list. */
  readonly pageSize?: number;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly urls?: readonly string[];
}

/** A manifest or an index, as far as a registry looks into it. */
interface Document {
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

const MAX_MANIFEST = 4 << 20;
const PAGE = 100;
const INDEX = 'application/vnd.oci.image.index.v1+json';

export async function manifest(
  question: Question,
  name: string,
  reference: string,
  store: Repository,
  options: ManifestOptions,
): Promise<Answer> {
  if (question.method === 'PUT') return putManifest(question, name, reference, store, options);
  const found = store.manifest(reference);
  if (found === undefined) return refused('MANIFEST_UNKNOWN', `manifest unknown: ${reference}`);
  const { digest, manifest: stored } = found;
  switch (question.method) {
    case 'HEAD':
    case 'GET':
      if (!accepts(question.headers.accept, stored.mediaType)) {
        return refused('MANIFEST_UNKNOWN', `${stored.mediaType} found, which the Accept header does not have`);
      }
      return {
        status: 200,
        headers: {
          'Content-Type': stored.mediaType,
          'Content-Length': String(stored.bytes.length),
          'Docker-Content-Digest': digest,
        },
        body: stored.bytes,
      };
    case 'DELETE':
      if (reference === digest) {
        store.manifests.delete(digest);
        for (const [tag, named] of store.tags) if (named === digest) store.tags.delete(tag);
      } else store.tags.delete(reference);
      return { status: 202 };
    default:
      return refused('UNSUPPORTED', `${question.method} of a manifest`);
  }
}

function accepts(header: string | undefined, mediaType: string): boolean {
  const types = (header ?? '*/*').split(',').map((type) => type.split(';')[0]?.trim());
  return types.includes(mediaType) || types.includes('*/*') || types.includes('application/*');
}

async function putManifest(
  question: Question,
  name: string,
  reference: string,
  store: Repository,
  options: ManifestOptions,
): Promise<Answer> {
  const bytes = Buffer.concat(await Array.fromAsync(question.body));
  if (bytes.length > MAX_MANIFEST) return refused('SIZE_INVALID', `${bytes.length} bytes`);
  const mediaType = question.headers['content-type'] ?? '';
  const document = parse(bytes);
  if (document === undefined) return refused('MANIFEST_INVALID', 'no JSON object');
  if (document.mediaType !== undefined && document.mediaType !== mediaType) {
    return refused('MANIFEST_INVALID', `${document.mediaType} sent as ${mediaType}`);
  }
  const missing = missingChild(document, store);
  if (missing !== undefined) return refused('MANIFEST_BLOB_UNKNOWN', `blob unknown to registry: ${missing}`);
  const digest = digestLike(bytes, reference);
  if (reference.includes(':') && reference !== digest) return refused('DIGEST_INVALID', `the digest is ${digest}`);
  if (!reference.includes(':') && !/^\w[\w.-]{0,127}$/.test(reference)) {
    return refused('MANIFEST_INVALID', `no tag: ${reference}`);
  }
  store.manifests.set(digest, { mediaType, bytes });
  if (!reference.includes(':')) store.tags.set(reference, digest);
  const tells = document.subject !== undefined && !options.withoutReferrers;
  const subject: Record<string, string> = tells ? { 'OCI-Subject': document.subject.digest } : {};
  const headers = { Location: `/v2/${name}/manifests/${digest}`, 'Docker-Content-Digest': digest, ...subject };
  return { status: 201, headers };
}

function parse(bytes: Buffer): Document | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The first blob or manifest that is spoken of and not there; what has URLs may be elsewhere. */
function missingChild({ config, layers = [], manifests = [] }: Document, store: Repository): string | undefined {
  const blobs = [...(config === undefined ? [] : [config]), ...layers];
  const missing =
    blobs.find(({ digest, urls }) => urls === undefined && !store.blobs.has(digest)) ??
    manifests.find(({ digest }) => !store.manifests.has(digest) && !store.blobs.has(digest));
  return missing?.digest;
}

export function tags({ url }: Question, name: string, store: Repository, options: ManifestOptions): Answer {
  if (store.manifests.size === 0) return refused('NAME_UNKNOWN', `repository name not known to registry: ${name}`);
  const all = [...store.tags.keys()].sort();
  const { items, headers } = page(all, (tag) => tag, url, options.pageSize ?? PAGE);
  return json({ name, tags: items }, headers);
}

export function referrers({ url }: Question, subject: string, store: Repository, options: ManifestOptions): Answer {
  if (options.withoutReferrers) return { status: 404, body: Buffer.from('404 page not found\n') };
  const wanted = url.searchParams.get('artifactType');
  const all = [...store.manifests].flatMap(([digest, stored]) => referrer(digest, stored, subject));
  const fitting = all.filter(({ artifactType }) => wanted === null || artifactType === wanted);
  fitting.sort((a, b) => (a.digest < b.digest ? -1 : 1));
  const { items, headers } = page(fitting, ({ digest }) => digest, url, options.pageSize ?? PAGE);
  const filtered: Record<string, string> = wanted === null ? {} : { 'OCI-Filters-Applied': 'artifactType' };
  return json(
    { schemaVersion: 2, mediaType: INDEX, manifests: items },
    { 'Content-Type': INDEX, ...headers, ...filtered },
  );
}

function referrer(digest: string, { mediaType, bytes }: StoredManifest, subject: string) {
  const document = parse(bytes);
  if (document?.subject?.digest !== subject) return [];
  const artifactType = document.artifactType ?? document.config?.mediaType;
  const { annotations } = document;
  return [{ mediaType, digest, size: bytes.length, artifactType, annotations }];
}
