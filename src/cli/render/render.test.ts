import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createProgress } from './progress.ts';
import { table } from './table.ts';
import { bytesText } from './units.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [999_499, '999 kB'],
  [999_500, '1.00 MB'],
  [17_587_249, '17.6 MB'],
  [312_000_000, '312 MB'],
  [1_500_000_000, '1.50 GB'],
  [2_500_000_000_000_000, '2500 TB'],
])('%i bytes', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test('a table is as wide as its cells, and ends its lines without spaces', () => {
  const columns = [{ title: 'NAME' }, { title: 'SIZE', align: 'right' as const }, { title: 'WHY' }];
  expect(
    table(columns, [
      ['a', '1', 'x'],
      ['long name', '22222', ''],
    ]),
  ).toBe('NAME        SIZE  WHY\na              1  x\nlong name  22222');
  expect(table(columns, [])).toBe('NAME  SIZE  WHY');
});

/** A stream that keeps what it gets. */
function screen(more: { isTTY?: boolean; columns?: number }) {
  const pieces: string[] = [];
  const stream = new Writable({
    write(piece, _, done) {
      pieces.push(String(piece));
      done();
    },
  });
  return { stream: Object.assign(stream, more), text: () => pieces.join('') };
}

describe('progress elsewhere than on a terminal', () => {
  test('one line for a step, and one for a transfer when it is complete', () => {
    const { stream, text } = screen({});
    const progress = createProgress(stream);
    progress.show({ type: 'step', text: 'reading' });
    for (const done of [1, 5, 10]) progress.show({ type: 'bytes', label: 'layer', done, total: 10 });
    progress.show({ type: 'bytes', label: 'unknown end', done: 5 });
    progress.show({ type: 'warning', text: 'beware' });
    progress.clear();
    expect(text()).toBe('reading\nlayer: 10 B\nwarning: beware\n');
  });
});

describe('progress on a terminal', () => {
  test('one line that changes, not more often than can be read, and is taken away', () => {
    let now = 0;
    const { stream, text } = screen({ isTTY: true, columns: 100 });
    const progress = createProgress(stream, () => now);
    for (let done = 0; done <= 1000; done++) {
      progress.show({ type: 'bytes', label: 'layer', done: done * 1000, total: 1_000_000 });
      now += 1;
    }
    const lines = text().split('\r\u001B[K').slice(1);
    expect(lines).toHaveLength(14);
    expect(lines[0]).toBe(`${'╌'.repeat(24)}   0 %  0 B of 1.00 MB  layer`);
    expect(lines.at(-1)).toBe(`${'━'.repeat(24)} 100 %  1.00 MB of 1.00 MB  layer`);
    progress.clear();
    progress.clear();
    expect(text().endsWith('layer\r\u001B[K')).toBe(true);
  });

  test('a line is never wider than the terminal', () => {
    const { stream, text } = screen({ isTTY: true, columns: 20 });
    createProgress(stream).show({ type: 'step', text: 'x'.repeat(100) });
    expect(text()).toBe(`\r\u001B[K${'x'.repeat(19)}`);
  });
});
