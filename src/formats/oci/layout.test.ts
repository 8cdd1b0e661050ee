import { describe, expect, test } from 'vitest';
import { type Digest, digestOf } from '../../base/digest.ts';
import type { ImageError } from '../../base/errors.ts';
import {
  chooseEntry,
  EMPTY_INDEX,
  imageEntries,
  plainDescriptor,
  REF_NAME,
  referrersList,
  refName,
  withEntry,
  withReferrers,
} from './layout.ts';
import { OCI_INDEX, OCI_MANIFEST } from './media-types.ts';
import type { Descriptor, Index } from './types.ts';

const entry = (text: string, more: Partial<Descriptor> = {}): Descriptor => ({
  mediaType: OCI_MANIFEST,
  digest: digestOf(text),
  size: text.length,
  ...more,
});
const [A, B] = [entry('a'), entry('b')];
const ONE = { name: undefined, index: undefined };
const names = (index: Index) => index.manifests.map((one) => `${refName(one) ?? ''} ${one.size}`);

function code(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as ImageError).code;
  }
  return 'nothing';
}

describe('withEntry', () => {
  test('a name means what it got last; the order is of names', () => {
    const index = [
      [entry('1'), 'b'],
      [entry('22'), undefined],
      [entry('333'), 'a'],
      [entry('4444'), 'b'],
      [entry('55555'), undefined],
    ].reduce((all, [one, name]) => withEntry(all, one as Descriptor, name as string), EMPTY_INDEX);
    expect(names(index)).toEqual([' 5', 'a 3', 'b 4']);
  });

  test('another name for an image keeps what is known of its referrers', () => {
    const stated = withReferrers(withEntry(EMPTY_INDEX, A, 'a'), A.digest, { digest: B.digest, size: 7 });
    const twice = withEntry(withEntry(stated, A, 'b'), B, 'a');
    expect(referrersList(twice, A.digest)).toEqual({ mediaType: OCI_INDEX, digest: B.digest, size: 7 });
    expect(referrersList(twice, B.digest)).toBeUndefined();
  });
});

test('what belongs to the place in an index goes, other annotations stay', () => {
  const index = withReferrers(withEntry(EMPTY_INDEX, { ...A, annotations: { x: 'y' } }, 'a'), A.digest, B);
  expect(plainDescriptor(index.manifests[0] as Descriptor)).toEqual({ ...A, annotations: { x: 'y' } });
  expect(plainDescriptor(withEntry(EMPTY_INDEX, A, 'a').manifests[0] as Descriptor)).toEqual(A);
});

describe('chooseEntry', () => {
  const both = withEntry(withEntry(EMPTY_INDEX, A, 'a'), B, 'b');

  test('by name, by place, or the only one', () => {
    expect(chooseEntry(both, { ...ONE, name: 'b' }, 'x').digest).toBe(B.digest);
    expect(chooseEntry(both, { ...ONE, index: 0 }, 'x').digest).toBe(A.digest);
    expect(chooseEntry(withEntry(EMPTY_INDEX, A, 'a'), ONE, 'x').digest).toBe(A.digest);
  });

  test('two names of one image are one image', () => {
    expect(chooseEntry(withEntry(withEntry(EMPTY_INDEX, A, 'a'), A, 'b'), ONE, 'x').digest).toBe(A.digest);
  });

  test.each([
    ['none is named', both, ONE, 'USAGE'],
    ['no such name', both, { ...ONE, name: 'c' }, 'NOT_FOUND'],
    ['no such place', both, { ...ONE, index: 2 }, 'NOT_FOUND'],
    ['nothing is there', EMPTY_INDEX, ONE, 'NOT_FOUND'],
    [
      'a name means two things',
      { ...EMPTY_INDEX, manifests: [A, B].map((one) => ({ ...one, annotations: { [REF_NAME]: 'n' } })) },
      { ...ONE, name: 'n' },
      'INVALID',
    ],
  ])('%s', (_, index, pick, expected) => {
    expect(code(() => chooseEntry(index, pick, 'x'))).toBe(expected);
  });
});

test("referrers under the distribution-spec's tag are found, and are no image", () => {
  const tag = A.digest.replace(':', '-');
  const index = withEntry(withEntry(EMPTY_INDEX, A, 'a'), entry('list', { mediaType: OCI_INDEX }), tag);
  expect(referrersList(index, A.digest)?.digest).toBe(digestOf('list'));
  expect(imageEntries(index).map((one) => one.digest)).toEqual([A.digest]);
});

test('an annotation that is no digest and size is none', () => {
  for (const value of ['', 'x', `${A.digest}`, `${A.digest},`, `${A.digest},-1`, `${A.digest},99999999`]) {
    const odd = { ...A, annotations: { 'vnd.pare.referrers': value } };
    expect(referrersList({ ...EMPTY_INDEX, manifests: [odd] }, A.digest as Digest)).toBeUndefined();
  }
});
