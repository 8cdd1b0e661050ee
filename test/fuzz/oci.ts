/** Fuzzing of what describes images: manifests, indexes, configs, `oci-layout`, `manifest.json`, references. @module */
import { asDiffId, digestOf } from '../../src/base/digest.ts';
import { canonicalJson } from '../../src/base/json.ts';
import { cacheDocument, parseCacheDocument } from '../../src/formats/oci/build-cache.ts';
import { parseConfig } from '../../src/formats/oci/config.ts';
import { chooseEntry, imageEntries, referrersList, withEntry, withReferrers } from '../../src/formats/oci/layout.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/formats/oci/media-types.ts';
import { checkLayoutFile, parseIndex, parseIndexFile, parseManifest } from '../../src/formats/oci/parse.ts';
import { formatNamed, parseNamed } from '../../src/formats/reference/docker.ts';
import { describeReference, parseReference } from '../../src/formats/reference/parse.ts';
import {
  parseLegacyJson,
  parseManifestFile,
  parseRepositories,
} from '../../src/transports/docker-archive/manifest-file.ts';

const DIGEST = digestOf('');
const PLATFORM = { os: 'linux', architecture: 'arm', variant: 'v7', 'os.features': ['x'] };
const descriptor = (mediaType: string) => ({
  mediaType,
  digest: DIGEST,
  size: 12,
  platform: PLATFORM,
  urls: ['https://example.com'],
  annotations: { 'org.opencontainers.image.ref.name': 'a', 'vnd.pare.referrers': `${DIGEST},3` },
});
const MANIFEST = {
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  artifactType: 'a/b',
  config: descriptor(OCI_CONFIG),
  layers: [descriptor(OCI_LAYER_GZIP), descriptor(OCI_LAYER_GZIP)],
  subject: descriptor(OCI_MANIFEST),
  annotations: { a: 'b' },
};
const INDEX = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [descriptor(OCI_MANIFEST), descriptor(OCI_INDEX)] };
const CONFIG = {
  ...PLATFORM,
  created: '2026-01-01T00:00:00Z',
  author: 'a',
  config: {
    User: '1:1',
    ExposedPorts: { '1/tcp': {} },
    Env: ['A=b'],
    Entrypoint: ['a'],
    Cmd: null,
    Volumes: { '/v': {} },
    WorkingDir: '/',
    Labels: { l: 'v' },
    StopSignal: 'TERM',
    Healthcheck: { Test: ['CMD', 'x'], Interval: 1, Retries: 2 },
    Shell: ['/bin/sh', '-c'],
    OnBuild: [],
  },
  rootfs: { type: 'layers', diff_ids: [DIGEST] },
  history: [{ created_by: 'x', empty_layer: true }],
};

export const manifestCase = {
  name: 'oci manifest',
  run(bytes: Uint8Array): void {
    parseManifest(bytes, { mediaType: OCI_MANIFEST, digest: DIGEST });
  },
  seeds: () => [MANIFEST, { ...MANIFEST, mediaType: undefined }].map(canonicalJson),
};

export const indexCase = {
  name: 'oci index',
  run(bytes: Uint8Array): void {
    parseIndex(bytes, { mediaType: OCI_INDEX, digest: DIGEST });
    const index = parseIndexFile(bytes, 'index.json');
    for (const entry of imageEntries(index)) {
      withReferrers(withEntry(index, entry, 'x'), entry.digest, { digest: entry.digest, size: 1 });
      referrersList(index, entry.digest);
    }
    chooseEntry(index, { name: 'a', index: undefined }, 'x');
  },
  seeds: () => [INDEX, { ...INDEX, manifests: null }].map(canonicalJson),
};

export const configCase = {
  name: 'oci config',
  run(bytes: Uint8Array): void {
    parseConfig(bytes, 'config');
  },
  seeds: () => [canonicalJson(CONFIG)],
};

const LAYER = asDiffId(digestOf('layer'));
const STEP = { key: digestOf('key'), diffId: LAYER, created: '2001-02-03T04:05:06Z' };
const CONTENT = { key: digestOf('key'), digest: digestOf('content') };

export const buildCacheCase = {
  name: 'build cache',
  run(bytes: Uint8Array): void {
    parseCacheDocument(bytes, 'cache');
  },
  seeds: () => [
    cacheDocument({ diffIds: [LAYER], steps: [STEP], contents: [CONTENT], mounts: [{ id: 'a', diffId: LAYER }] }),
  ],
};

export const layoutFileCase = {
  name: 'oci-layout',
  run(bytes: Uint8Array): void {
    checkLayoutFile(bytes, 'oci-layout');
  },
  seeds: () => [canonicalJson({ imageLayoutVersion: '1.0.0' })],
};

export const dockerArchiveCase = {
  name: 'docker-archive manifest.json',
  run(bytes: Uint8Array): void {
    for (const parse of [parseManifestFile, parseRepositories, parseLegacyJson]) {
      // Each has its own form, and refuses those of the others.
      attempt(() => parse(bytes, 'x'));
    }
  },
  seeds: () =>
    [
      [{ Config: 'a.json', RepoTags: ['a:b'], Layers: ['x/layer.tar'] }],
      { 'a/b': { latest: 'aa' } },
      { id: 'aa', parent: 'bb', config: { Cmd: [] }, container_config: { Cmd: ['x'] } },
      null,
    ].map(canonicalJson),
};

/** What is refused three times in three ways must be refused with an ImageError each time; the last one is passed on. */
function attempt(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if ((error as Error).name !== 'ImageError') throw error;
  }
}

const REFERENCES = [
  'redis',
  'localhost:5000/a/b:tag',
  `docker.io/library/redis:7@${DIGEST}`,
  'oci:dir:name',
  'oci-archive:file.tar:@2',
  'docker-archive:-:a/b:c',
  'docker://[::1]:5000/a_b/c--d',
  'rootfs:/srv',
  'tar:x.tar.gz',
  'host:',
  'scratch',
  `sha256:${'a'.repeat(64)}`,
];

export const referenceCase = {
  name: 'references',
  run(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString('latin1');
    const reference = parseReference(text);
    describeReference(reference);
    const named = parseNamed(text);
    // What is understood is written in full, and understood as the same.
    const full = formatNamed(named);
    if (formatNamed(parseNamed(full)) !== full) throw new Error(`${full} is another name when read again`);
  },
  seeds: () => REFERENCES.map((text) => Buffer.from(text)),
};
