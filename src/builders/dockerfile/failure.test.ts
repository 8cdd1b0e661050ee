import { expect, test } from 'vitest';
import { keepSecret } from '../../base/secrets.ts';
import type { RunInstruction } from '../../formats/dockerfile/types.ts';
import { excerpt, failedProgram, Tail } from './failure.ts';

const at = (line: number) => ({ start: { line, column: 1 }, end: { line, column: 2 } });

function messageOf(source: string, lines: readonly string[]): string {
  const tail = new Tail();
  for (const line of lines) tail.add(line);
  return failedProgram({ source } as RunInstruction, { status: 3, outOfMemory: 0 }, tail, { inspected: true }).message;
}

test('what a program would do to a terminal is not in the message', () => {
  const lines = ['\u001B[2J\u001B[Hhidden', '\u001B]0;title\u0007\u001B[31mred\u001B[0m\tx', '10%\r20%', '\u001B'];
  expect(messageOf('RUN echo "\u001B[2J"', lines)).toBe(
    '"RUN echo "\\x1b[2J"" ended with exit status 3\nlast output:\n  hidden\n  red\tx\n  20%\n  \\x1b',
  );
});

test('long lines are cut, and no secret is half seen', () => {
  keepSecret('hunter2-hunter2');
  const [, , long, secret] = messageOf('RUN x', ['x'.repeat(3e6), `${'y'.repeat(490)}hunter2-hunter2`]).split('\n');
  expect(long).toBe(`  ${'x'.repeat(500)}…`);
  expect(secret).toBe(`  ${'y'.repeat(490)}***`);
  expect(excerpt(`FROM x\nARG a=${'x'.repeat(2e5)}`, at(2))).toBe(`  1     FROM x\n  2 >>> ARG a=${'x'.repeat(494)}…`);
});

test('an excerpt has the lines as they are read, and nothing that steers a terminal', () => {
  expect(excerpt('FROM x\r\nRUN\ta \u001B[2J\r\n', at(2))).toBe('  1     FROM x\n  2 >>> RUN\ta \\x1b[2J');
});
