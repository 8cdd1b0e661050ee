import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mutate, randomBytes, randomSource } from '../../../scripts/mutate.ts';
import {
  buildCacheCase,
  configCase,
  dockerArchiveCase,
  indexCase,
  layoutFileCase,
  manifestCase,
  referenceCase,
} from '../../../test/fuzz/oci.ts';
import { ImageError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/json.ts';

const CASES = [manifestCase, indexCase, configCase, buildCacheCase, layoutFileCase, dockerArchiveCase, referenceCase];
const DOCUMENTS = [manifestCase, indexCase, configCase, buildCacheCase, dockerArchiveCase];

function onlyTyped(run: () => void): void {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ImageError);
  }
}

it.each(CASES)('$name: changed bytes raise nothing but typed errors', ({ run, seeds }) => {
  const random = randomSource(1);
  const all = seeds();
  for (let i = 0; i < 1000; i++) onlyTyped(() => run(i % 10 === 0 ? randomBytes(random) : mutate(all, random)));
});

/** The value with whatever stands at one place replaced. */
function replaced(value: unknown, steps: readonly number[], by: unknown): unknown {
  const [step = 0, ...rest] = steps;
  if (typeof value !== 'object' || value === null || steps.length === 0) return by;
  const keys = Object.keys(value);
  const key = keys[step % Math.max(keys.length, 1)];
  if (key === undefined) return by;
  const inner = replaced((value as Record<string, unknown>)[key], rest, by);
  return Array.isArray(value) ? value.with(Number(key), inner) : { ...value, [key]: inner };
}

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(-1, 2 ** 53, '', 'sha256:', '__proto__', [[]], { toString: 1 }),
);

it.each(DOCUMENTS)('$name: whatever stands in a field, errors are typed', ({ run, seeds }) => {
  const values = seeds().map((seed) => JSON.parse(Buffer.from(seed).toString()));
  fc.assert(
    fc.property(
      fc.constantFrom(...values),
      fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }),
      odd,
      (value, steps, by) => {
        onlyTyped(() => run(canonicalJson(replaced(value, steps, by))));
      },
    ),
    { numRuns: 1000 },
  );
});
