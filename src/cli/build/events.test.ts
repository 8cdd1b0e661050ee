import { expect, test } from 'vitest';
import { plainLine } from './events.ts';

test('of what a program says, colours alone reach a terminal', () => {
  const line = '\u001B[2J\u001B]0;title\u0007\u001B[31mred\u001B[0m\u0007';
  expect(plainLine({ kind: 'output', id: 5, stream: 'stdout', line })).toBe('#5 \u001B[31mred\u001B[0m');
  expect(plainLine({ kind: 'warning', text: 'one \u001B[2J\ntwo' })).toBe('warning: one \\x1b[2J\ntwo');
  expect(plainLine({ kind: 'start', id: 5, name: 'RUN \u001B[2J' })).toBe('#5 RUN \\x1b[2J');
});
