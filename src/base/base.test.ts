/** The smaller modules of this folder. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assert, assertNever, present } from './assert.ts';
import { mapBounded } from './concurrency.ts';
import { algorithmOf, Digester, digestOf, encodedOf, isDigest, shortDigest } from './digest.ts';
import { fromSystem, ImageError, systemCode } from './errors.ts';
import { type Recursion, runRecursion } from './recursion.ts';

describe('digests', () => {
  test('are those of node:crypto, whole or piece by piece', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array()),
        fc.constantFrom('sha256' as const, 'sha512' as const),
        (pieces, algorithm) => {
          const digester = new Digester(algorithm);
          for (const piece of pieces) digester.update(piece);
          const whole = Buffer.concat(pieces);
          const expected = `${algorithm}:${createHash(algorithm).update(whole).digest('hex')}`;
          const digest = digestOf(whole, algorithm);
          expect(digester.size).toBe(whole.length);
          expect([digest, digester.digest(), isDigest(digest)]).toEqual([expected, expected, true]);
          expect(`${algorithmOf(digest)}:${encodedOf(digest)}`).toBe(expected);
          expect(shortDigest(digest)).toHaveLength(12);
        },
      ),
    );
  });

  const hex = '0'.repeat(64);
  test.each([
    '',
    hex,
    `sha256:${hex.slice(1)}`,
    `sha256:${hex}0`,
    `sha512:${hex}`,
    `SHA256:${hex}`,
    `sha256:${'A'.repeat(64)}`,
    `sha256:${hex}\n`,
    `sha256:../${hex.slice(3)}`,
    `md5:${hex}`,
  ])('%j is none', (text) => {
    expect(isDigest(text)).toBe(false);
  });
});

describe('errors', () => {
  test.each([
    [() => readFileSync('/nonexistent/file'), 'NOT_FOUND', 'ENOENT'],
    [() => readFileSync('/'), 'IO', 'EISDIR'],
    [() => readdirSync(process.execPath), 'NOT_FOUND', 'ENOTDIR'],
  ] as const)('what the system throws becomes one with a code and a sentence', (attempt, code, errno) => {
    const thrown = errorOf(attempt);
    const error = fromSystem(thrown, 'cannot do it', 'do otherwise');
    expect(error).toMatchObject({ name: 'ImageError', code, hint: 'do otherwise', cause: thrown });
    expect(error.message).toMatch(new RegExp(`^cannot do it: [a-z ]+ \\(${errno}\\)$`));
  });

  test('an ImageError passes through, and a bug goes on being one', () => {
    const known = new ImageError('LIMIT', 'too much');
    expect(fromSystem(known, 'cannot do it')).toBe(known);
    const bug = new TypeError('x is not a function');
    expect(() => fromSystem(bug, 'cannot do it')).toThrow(bug);
    expect(systemCode(Object.assign(new Error('no errno'), { code: 'ERR_INVALID_ARG_TYPE' }))).toBeUndefined();
    expect(systemCode('ENOENT')).toBeUndefined();
  });

  test('assertions are bugs, not errors of a user', () => {
    const failures = [() => assert(false, 'x'), () => assertNever(1 as never), () => present(undefined, 'x')];
    for (const failure of failures) expect(errorOf(failure)).not.toBeInstanceOf(ImageError);
    expect(present(0, 'number')).toBe(0);
  });
});

function errorOf(attempt: () => unknown): unknown {
  try {
    attempt();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('bounded concurrency', () => {
  test('keeps the order, and the bound', async () => {
    let running = 0;
    let most = 0;
    const results = await mapBounded([5, 1, 4, 2, 3, 0], 2, async (delay, index) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, delay));
      running--;
      return `${index}:${delay}`;
    });
    expect(results).toEqual(['0:5', '1:1', '2:4', '3:2', '4:3', '5:0']);
    expect(most).toBe(2);
  });

  test('the first failure is thrown when all that run have ended, and nothing starts behind it', async () => {
    const started: number[] = [];
    let ended = 0;
    const work = mapBounded([0, 1, 2, 3, 4], 2, async (index) => {
      started.push(index);
      await new Promise((resolve) => setTimeout(resolve, index === 0 ? 1 : 10));
      ended++;
      if (index === 0) throw new Error('the first');
    });
    await expect(work).rejects.toThrow('the first');
    expect([started, ended]).toEqual([[0, 1], 2]);
    await expect(mapBounded([1], 0, async () => 1)).rejects.toThrow('bug');
  });
});

describe('recursion on the heap', () => {
  function* depth(n: number): Recursion<number> {
    return n === 0 ? 0 : 1 + (yield depth(n - 1));
  }
  function* fibonacci(n: number): Recursion<number> {
    return n < 2 ? n : (yield fibonacci(n - 1)) + (yield fibonacci(n - 2));
  }

  test('goes as deep as memory', () => {
    expect(runRecursion(depth(1_000_000))).toBe(1_000_000);
  });

  test('gives each call its own result', () => {
    expect(runRecursion(fibonacci(15))).toBe(610);
  });
});

test('a full disk and a refusal say what can be done, unless there is better advice', () => {
  const thrown = (code: string) => Object.assign(new Error(`${code}: said by the system, write`), { code });
  expect(fromSystem(thrown('ENOSPC'), 'cannot write x').hint).toContain('TMPDIR');
  expect(fromSystem(thrown('EACCES'), 'cannot read x').hint).toContain('as a user who may');
  expect(fromSystem(thrown('EACCES'), 'cannot read x', 'better').hint).toBe('better');
  expect(fromSystem(thrown('ENOENT'), 'cannot read x').hint).toBeUndefined();
});
