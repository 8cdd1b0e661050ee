import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asDiffId, digestOf } from '../../base/digest.ts';
import { canonicalJson } from '../../base/json.ts';
import {
  type BuildCache,
  cacheDocument,
  INLINE_CACHE,
  inlineCache,
  parseCacheDocument,
  parseInlineCache,
} from './build-cache.ts';
import { parseConfig } from './config.ts';

const digest = fc.integer({ min: 0, max: 20 }).map((number) => digestOf(`${number}`));
const diffIds = fc.uniqueArray(digest.map(asDiffId), { minLength: 1, maxLength: 6 });
const created = fc.constantFrom('2001-02-03T04:05:06Z', '2001-02-03T04:05:06.123456789Z');

const caches: fc.Arbitrary<BuildCache> = diffIds.chain((layers) => {
  const diffId = fc.constantFrom(...layers);
  return fc.record({
    diffIds: fc.constant(layers),
    steps: fc.array(fc.record({ key: digest, diffId: fc.option(diffId, { nil: undefined }), created })),
    contents: fc.array(fc.record({ key: digest, digest })),
    mounts: fc.array(fc.record({ id: fc.string(), diffId })),
  });
});

test('what is written is read', () => {
  const property = fc.property(caches, (cache) => {
    expect(parseCacheDocument(cacheDocument(cache), 'it')).toEqual(cache);
  });
  fc.assert(property);
});

describe('in the config of an image', () => {
  const platform = { architecture: 'amd64', os: 'linux' };

  test('steps whose layers it has are read again', () => {
    const property = fc.property(caches, fc.array(digest.map(asDiffId)), (cache, more) => {
      const own = [...more, ...cache.diffIds.slice(1)];
      const said = inlineCache(cache.steps, cache.contents, own);
      const bytes = canonicalJson({ ...platform, rootfs: { type: 'layers', diff_ids: own }, [INLINE_CACHE]: said });
      const config = parseConfig(bytes, 'config');
      expect(parseInlineCache(config, own, 'config')).toEqual({
        steps: cache.steps.filter(({ diffId }) => diffId === undefined || own.includes(diffId)),
        contents: cache.contents,
      });
    });
    fc.assert(property);
  });

  test('most images say nothing', () => {
    expect(parseInlineCache({ rootfs: {} }, [], 'config')).toBeUndefined();
  });
});

test.each([
  [{}, /^it: version is missing; expected 1/],
  [{ version: 2, layers: [], steps: [] }, /version is 2/],
  [{ version: 1, steps: [] }, /layers is missing/],
  [{ version: 1, layers: [], steps: [{ key: 'x' }] }, /steps\[0\]\.key is "x"; expected a digest/],
  [step({ layer: 1 }), /steps\[0\]\.layer is 1; expected the number of a layer/],
  [step({ layer: -1 }), /the number of a layer/],
  [step({ layer: 'toString' }), /the number of a layer/],
  [step({ created: 'now' }), /created is "now"; expected a time/],
  [{ ...step({}), mounts: [{ id: 'a' }] }, /mounts\[0\]\.layer is missing/],
])('%j is refused', (document, message) => {
  expect(() => parseCacheDocument(canonicalJson(document), 'it')).toThrow(message);
});

function step(fields: object) {
  const steps = [{ key: digestOf('a'), created: '2001-02-03T04:05:06Z', ...fields }];
  return { version: 1, layers: [digestOf('b')], steps };
}
