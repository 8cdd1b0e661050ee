import { expect, test } from 'vitest';
import { ImageError } from '../base/errors.ts';
import { SandboxError } from '../ports/sandbox.ts';
import { renderError, statusOf } from './errors.ts';

const PLAIN = { debug: false, mark: (_: unknown, text: string) => text };

test.each([
  [new ImageError('USAGE', 'x'), 2, 125],
  [new ImageError('FINDINGS', 'x'), 1, 125],
  [new ImageError('NOT_FOUND', 'x'), 3, 125],
  [new SandboxError(127, 'x'), 3, 127],
  [new SandboxError(126, 'x'), 3, 126],
  [new Error('x'), 3, 125],
])('%o', (error, status, ofRun) => {
  expect(statusOf(error, false)).toBe(status);
  expect(statusOf(error, true)).toBe(ofRun);
});

test('what, because of what, and what to do', () => {
  const cause = new ImageError('IO', 'the disk is full');
  const error = new ImageError('IO', 'cannot write x', { hint: 'make room:\nrm y', cause });
  expect(renderError(error, PLAIN)).toBe(
    'pare: cannot write x\n  because: the disk is full\n  hint: make room:\n        rm y',
  );
});

test('a cause that is in the message is not said twice', () => {
  const cause = new ImageError('IO', 'the disk is full');
  expect(renderError(new ImageError('IO', 'cannot write x: the disk is full', { cause }), PLAIN)).toBe(
    'pare: cannot write x: the disk is full',
  );
});

test('a bug is called one', () => {
  const text = renderError(new TypeError('x is not a function'), PLAIN);
  expect(text).toContain('pare: internal error: x is not a function');
  expect(text).toContain('--debug');
  expect(text).not.toContain('errors.test.ts');
  expect(renderError(new TypeError('x'), { ...PLAIN, debug: true })).toContain('errors.test.ts');
});
