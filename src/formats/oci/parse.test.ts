import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sharedFixture } from '../../../test/shared.ts';
import { digestOf } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { checkLayerCount, parseConfig } from './config.ts';
import { DOCKER_MANIFEST, OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from './media-types.ts';
import { checkLayoutFile, MANIFEST_LIMIT, parseIndex, parseIndexFile, parseManifest } from './parse.ts';

const DIGEST = digestOf('');
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const descriptor = (mediaType: string, more = {}) => ({ mediaType, digest: DIGEST, size: 1, ...more });
const MANIFEST = {
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  config: descriptor(OCI_CONFIG),
  layers: [descriptor(OCI_LAYER_GZIP)],
};
const INDEX = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [descriptor(OCI_MANIFEST)] };
const CONFIG = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [DIGEST] } };

const manifest = (value: unknown, mediaType = OCI_MANIFEST) =>
  parseManifest(bytes(value), { mediaType, digest: DIGEST });
const index = (value: unknown) => parseIndex(bytes(value), { mediaType: OCI_INDEX, digest: DIGEST });

function refused(run: () => unknown): ImageError {
  try {
    run();
  } catch (error) {
    if (error instanceof ImageError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const fixtures = sharedFixture('oci-image-spec');

describe.skipIf(fixtures === undefined)("the image-spec's own cases", () => {
  const runs: Record<string, (text: string) => unknown> = {
    config: (text) => parseConfig(bytes(text), 'config'),
    manifest: (text) => manifest(text),
    imageindex: (text) => parseIndexFile(bytes(text), 'index.json'),
    imagelayout: (text) => checkLayoutFile(bytes(text), 'oci-layout'),
  };
  /** Where pare is as lenient as Docker, since such images exist. */
  const ACCEPTED = [/"Env": \[\s*"foo"\s*\]/, /"layers": \[\]/];

  test.each(Object.keys(runs))('%s', (name) => {
    const rows = JSON.parse(readFileSync(`${fixtures}/${name}.json`, 'utf8'));
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows) {
      const text: string =
        Object.values<string>(row).find((value) => typeof value === 'string' && value.includes('{')) ?? '';
      if (row.fail === true && !ACCEPTED.some((form) => form.test(text))) refused(() => runs[name]?.(text));
      else if (/sha256\+b64/.test(text)) expect(refused(() => runs[name]?.(text)).code).toBe('UNSUPPORTED');
      else expect(() => runs[name]?.(text), text).not.toThrow();
    }
  });

  test('documents of before the specification', () => {
    for (const row of JSON.parse(readFileSync(`${fixtures}/backwards_compatibility.json`, 'utf8'))) {
      const text = bytes(row.imageIndex ?? row.manifest ?? row.config);
      expect(digestOf(text)).toBe(row.digest);
      if (row.imageIndex) parseIndexFile(text, 'index');
      else if (row.manifest) parseManifest(text, { mediaType: JSON.parse(row.manifest).mediaType, digest: row.digest });
      else parseConfig(text, 'config');
    }
  });
});

describe('manifests', () => {
  test('unknown fields stay, null counts as absent', () => {
    const parsed = manifest({ ...MANIFEST, 'x-more': [1], annotations: null, subject: null });
    expect(parsed).toEqual({ ...MANIFEST, 'x-more': [1] });
  });

  test("Docker's schema 2 is read as it is", () => {
    const docker = { ...MANIFEST, mediaType: DOCKER_MANIFEST };
    expect(manifest(docker, DOCKER_MANIFEST).mediaType).toBe(DOCKER_MANIFEST);
  });

  test.each([
    ['a list of manifests', { ...MANIFEST, manifests: [] }],
    ['an index by its type', { ...MANIFEST, mediaType: OCI_INDEX }],
    ['another type than its parent said', { ...MANIFEST, mediaType: DOCKER_MANIFEST }],
    ['fields of schema 1', { ...MANIFEST, fsLayers: [] }],
    ['a key that Go takes for another', { ...MANIFEST, Layers: [] }],
  ])('refuses what could be two things: %s', (_, value) => {
    expect(refused(() => manifest(value)).code).toBe('INVALID');
  });

  test('an index with layers is as ambiguous (CVE-2021-41190)', () => {
    for (const field of ['layers', 'config']) {
      expect(refused(() => index({ ...INDEX, [field]: [] })).message).toMatch(/ambiguous/);
    }
  });

  test("Docker's schema 1 is refused with what to do", () => {
    for (const old of [
      { schemaVersion: 1, name: 'x', fsLayers: [] },
      { schemaVersion: 2, mediaType: 'application/vnd.docker.distribution.manifest.v1+prettyjws' },
    ]) {
      const error = refused(() => manifest(old));
      expect(error.code).toBe('UNSUPPORTED');
      expect(error.hint).toMatch(/skopeo copy/);
    }
  });

  test.each([
    [{ ...MANIFEST, layers: [descriptor(OCI_LAYER_GZIP, { size: -1 })] }, /layers\[0\]\.size is -1/],
    [{ ...MANIFEST, layers: [descriptor(OCI_LAYER_GZIP, { size: 1.5 })] }, /layers\[0\]\.size/],
    [{ ...MANIFEST, layers: [descriptor(OCI_LAYER_GZIP, { size: 2 ** 53 })] }, /layers\[0\]\.size/],
    [{ ...MANIFEST, layers: [descriptor(OCI_LAYER_GZIP, { digest: 'sha256:ab' })] }, /layers\[0\]\.digest/],
    [{ ...MANIFEST, config: descriptor('no type') }, /config\.mediaType is "no type"/],
    [{ ...MANIFEST, annotations: { a: 1 } }, /annotations\.a is 1/],
    [{ ...MANIFEST, layers: {} }, /layers is \{\}; expected a list/],
    [{ ...MANIFEST, config: undefined }, /config is missing/],
    [{ ...MANIFEST, schemaVersion: 3 }, /schemaVersion is 3/],
    [[], /expected an object/],
  ])('says which field is wrong (%#)', (value, message) => {
    expect(refused(() => manifest(value)).message).toMatch(message);
  });

  test('a field named like something of Object is a field', () => {
    expect(refused(() => manifest('{"__proto__":{"schemaVersion":2}}')).message).toMatch(/schemaVersion is missing/);
  });

  test('limits: of the document, and of a document that is spoken of', () => {
    const long = { ...MANIFEST, annotations: { a: 'x'.repeat(MANIFEST_LIMIT) } };
    expect(refused(() => manifest(long)).code).toBe('LIMIT');
    const large = { ...INDEX, manifests: [descriptor(OCI_MANIFEST, { size: MANIFEST_LIMIT + 1 })] };
    expect(refused(() => index(large)).code).toBe('LIMIT');
  });
});

describe('configs', () => {
  const config = (value: unknown) => parseConfig(bytes(value), 'config');

  test("empty lists of Go's are absent, fields of others stay", () => {
    const go = {
      ...CONFIG,
      config: { Env: null, Cmd: ['a'], Volumes: null, Labels: null, Hostname: 'x' },
      history: null,
    };
    expect(config(go)).toEqual({ ...CONFIG, config: { Cmd: ['a'], Hostname: 'x' } });
  });

  test.each([
    [{ ...CONFIG, rootfs: { type: 'overlay' } }, /rootfs\.type/],
    [{ ...CONFIG, config: { Entrypoint: 'sh' } }, /config\.Entrypoint is "sh"; expected a list/],
    [{ ...CONFIG, config: { Healthcheck: { Interval: 1.5 } } }, /config\.Healthcheck\.Interval/],
    [{ ...CONFIG, history: [{ empty_layer: 'yes' }] }, /history\[0\]\.empty_layer/],
    [{ ...CONFIG, os: undefined }, /os is missing/],
  ])('says which field is wrong (%#)', (value, message) => {
    expect(refused(() => config(value)).message).toMatch(message);
  });

  test('as many layers as the manifest has', () => {
    expect(() => checkLayerCount(manifest(MANIFEST), config(CONFIG))).not.toThrow();
    expect(() => checkLayerCount(manifest({ ...MANIFEST, layers: [] }), config(CONFIG))).toThrow(/0 layers/);
  });
});

test('the version of a layout', () => {
  const check = (value: unknown) => checkLayoutFile(bytes(value), 'oci-layout');
  expect(() => check({ imageLayoutVersion: '1.0.0' })).not.toThrow();
  expect(refused(() => check({ imageLayoutVersion: '2.0.0' })).code).toBe('UNSUPPORTED');
  expect(refused(() => check({})).code).toBe('INVALID');
});
