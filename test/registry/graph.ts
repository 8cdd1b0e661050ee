/** Images as graphs of bytes, made with a seed: in a registry, in a layout on disk, and looked for again. @module */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Chance } from './schedule.ts';
import { digestLike, type Repository } from './storage.ts';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: { readonly architecture: string; readonly os: string };
}

interface Part {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface Graph {
  readonly root: Descriptor;
  /** What the root speaks of, with itself; manifests children first. */
  readonly blobs: ReadonlyMap<string, Part>;
  readonly manifests: ReadonlyMap<string, Part>;
  /** Manifests with the root as their subject. */
  readonly referrers: readonly Descriptor[];
}

const OCI = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

const DOCKER = {
  index: 'application/vnd.docker.distribution.manifest.list.v2+json',
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
} as const;

export interface GraphOptions {
  /** Bytes of the layers that are chosen among. */
  readonly sizes: readonly number[];
  readonly withReferrers?: boolean;
}

/** An image, or an index of two with an attestation; of the OCI's types or Docker's; now and then a referrer. */
export function randomGraph(luck: Chance, options: GraphOptions): Graph {
  const blobs = new Map<string, Part>();
  const manifests = new Map<string, Part>();
  const types = luck.next() < 0.7 ? OCI : DOCKER;
  const put = (to: Map<string, Part>, mediaType: string, bytes: Buffer, like = 'sha256:'): Descriptor => {
    const digest = digestLike(bytes, like);
    to.set(digest, { mediaType, bytes });
    return { mediaType, digest, size: bytes.length };
  };
  const document = (mediaType: string, value: object) =>
    put(manifests, mediaType, Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...value })));
  const image = (architecture: string): Descriptor => {
    const like = luck.next() < 0.1 ? 'sha512:' : 'sha256:';
    const layers = Array.from({ length: 1 + luck.below(3) }, () =>
      put(blobs, types.layer, noise(luck, luck.pick(options.sizes)), like),
    );
    if (luck.next() < 0.2) layers.push(layers[0] as Descriptor);
    const diff_ids = layers.map(({ digest }) => digestLike(Buffer.from(digest)));
    const config = { architecture, os: 'linux', rootfs: { type: 'layers', diff_ids } };
    return document(types.manifest, { config: put(blobs, types.config, Buffer.from(JSON.stringify(config))), layers });
  };
  const artifact = (artifactType: string, more: object) => {
    const layers = [put(blobs, 'application/x-noise', noise(luck, 50))];
    const config = put(blobs, 'application/vnd.oci.empty.v1+json', Buffer.from('{}'));
    return { ...document(OCI.manifest, { artifactType, config, layers, ...more }), artifactType };
  };
  const root = luck.next() < 0.3 ? index() : image('amd64');
  function index(): Descriptor {
    const of = (architecture: string) => ({ ...image(architecture), platform: { architecture, os: 'linux' } });
    const unknown = { architecture: 'unknown', os: 'unknown' };
    const attestation = { ...artifact('application/x-attestation', {}), platform: unknown };
    return document(types.index, { manifests: [of('amd64'), of('arm64'), attestation] });
  }
  const hasReferrer = options.withReferrers !== false && luck.next() < 0.3;
  const referrers = hasReferrer ? [artifact('application/x-evidence', { subject: root })] : [];
  return { root, blobs, manifests, referrers };
}

function noise(luck: Chance, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = luck.below(2 ** 32) | 1;
  for (let i = 0; i < size; i++) {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Bytes of all that it takes, each once. */
export function sizeOf({ blobs, manifests }: Graph): number {
  return [...blobs.values(), ...manifests.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
}

export function putInRegistry(graph: Graph, repository: Repository, tag: string): void {
  for (const [digest, { bytes }] of graph.blobs) repository.blobs.set(digest, bytes);
  for (const [digest, part] of graph.manifests) repository.manifests.set(digest, part);
  repository.tags.set(tag, graph.root.digest);
  if (graph.referrers.length === 0) return;
  // "Referrers Tag Schema": for registries without the list.
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI.index, manifests: graph.referrers }));
  const index = digestLike(bytes);
  repository.manifests.set(index, { mediaType: OCI.index, bytes });
  repository.tags.set(graph.root.digest.replace(':', '-'), index);
}

export function putInLayout(graph: Graph, dir: string, tag: string): void {
  mkdirSync(dir, { recursive: true });
  for (const [digest, { bytes }] of [...graph.blobs, ...graph.manifests]) {
    const [algorithm = '', encoded = ''] = digest.split(':');
    mkdirSync(join(dir, 'blobs', algorithm), { recursive: true });
    writeFileSync(join(dir, 'blobs', algorithm, encoded), bytes);
  }
  const named = { ...graph.root, annotations: { 'org.opencontainers.image.ref.name': tag } };
  writeFileSync(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const index = { schemaVersion: 2, mediaType: OCI.index, manifests: [named, ...graph.referrers] };
  writeFileSync(join(dir, 'index.json'), JSON.stringify(index));
}

/** Reads a blob or a manifest; undefined where it is not there. */
export type Look = (digest: string) => Buffer | undefined;

export function lookIntoRegistry(repository: Repository): Look {
  return (digest) => repository.manifests.get(digest)?.bytes ?? repository.blobs.get(digest);
}

export function lookIntoLayout(dir: string): Look {
  return (digest) => {
    try {
      return readFileSync(join(dir, 'blobs', ...digest.split(':')));
    } catch {
      return undefined;
    }
  };
}

/** Files of a layout that are no whole blobs under their own digests, or not to be expected at all. */
export function strayFiles(dir: string): string[] {
  if (!existsSync(dir)) return [];
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const paths = files.map(({ parentPath, name }) => relative(dir, join(parentPath, name)));
  return paths.filter((path) => {
    const blob = /^blobs\/(sha256|sha512)\/([0-9a-f]+)$/.exec(path);
    if (blob === null) return !['oci-layout', 'index.json', 'lock'].includes(path);
    return digestLike(readFileSync(join(dir, path)), `${blob[1]}:`) !== `${blob[1]}:${blob[2]}`;
  });
}

/** What the layout's index names so. */
export function taggedInLayout(dir: string, name: string): string | undefined {
  try {
    const { manifests } = JSON.parse(readFileSync(join(dir, 'index.json'), 'utf8')) as { manifests: Descriptor[] };
    return manifests.find(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === name)?.digest;
  } catch {
    return undefined;
  }
}

/** What is missing or damaged of a graph that was copied. */
export function flawsOf(graph: Graph, look: Look, withReferrers: boolean): string[] {
  const parts = new Map([...graph.blobs, ...graph.manifests]);
  const reached = withReferrers ? [...parts.keys()] : reachableFrom(graph.root.digest, parts);
  return reached.flatMap((digest) => {
    const found = look(digest);
    if (found === undefined) return [`${digest} is missing`];
    return found.equals(parts.get(digest)?.bytes ?? found) ? [] : [`${digest} is damaged`];
  });
}

function reachableFrom(root: string, parts: ReadonlyMap<string, Part>): string[] {
  const reached = new Set<string>();
  const visit = (digest: string) => {
    const part = parts.get(digest);
    if (part === undefined || reached.has(digest)) return;
    reached.add(digest);
    if (!/manifest|index/.test(part.mediaType)) return;
    for (const [child] of part.bytes.toString().matchAll(/sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})/g)) visit(child);
  };
  visit(root);
  return [...reached];
}
