import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import type { BuildEvent } from '../../../builders/dockerfile/ports.ts';
import { cellsOf, clipped } from './cells.ts';
import { displayLines, type LineOptions } from './lines.ts';
import { type BuildDisplayState, emptyDisplay, ended, withEvent, withProgress } from './state.ts';
import { terminalDisplay } from './terminal.ts';

const start = (id: number, name: string): BuildEvent => ({ kind: 'start', id, name });
const output = (id: number, line: string): BuildEvent => ({ kind: 'output', id, stream: 'stdout', line });
const end = (id: number, how: 'done' | 'cached' | 'failed', seconds = 1): BuildEvent => ({
  kind: 'end',
  id,
  how,
  seconds,
});

function after(...events: BuildEvent[]): BuildDisplayState {
  return events.reduce((state, event, i) => withEvent(state, event, i * 100), emptyDisplay(0));
}

function shown(state: BuildDisplayState, options: Partial<LineOptions> = {}): string[] {
  const lines = displayLines(state, { now: 2000, columns: 40, rows: 20, phase: 'building', ...options });
  return lines.map(({ text, style }) => (style === 'plain' ? text : `${style}: ${text}`));
}

const RUNNING = after(
  start(1, '[a 1/2] FROM base'),
  end(1, 'done', 0.04),
  start(2, '[a 2/2] RUN make'),
  output(2, 'one'),
  output(2, '\u001B[31mtwo\u001B[0m\ttabs\rthree'),
  output(2, ''),
  start(3, '[b 2/2] COPY x /x'),
  end(3, 'cached', 0),
);

test('what has ended is one line, what goes on has its time and the end of its output below', () => {
  expect(shown(RUNNING)).toEqual([
    '[+] Building 2.0s (2/3)',
    'done:  => [a 1/2] FROM base               0.0s',
    ' => [a 2/2] RUN make                1.8s',
    'faint:  => => # one',
    'faint:  => => # three',
    'done:  => CACHED [b 2/2] COPY x /x        0.0s',
  ]);
});

test('without room output goes first, then what ended', () => {
  expect(shown(RUNNING, { rows: 5 })).toEqual([
    '[+] Building 2.0s (2/3)',
    'done:  => [a 1/2] FROM base               0.0s',
    ' => [a 2/2] RUN make                1.8s',
    'faint:  => => # three',
    'done:  => CACHED [b 2/2] COPY x /x        0.0s',
  ]);
  expect(shown(RUNNING, { rows: 2 })).toEqual(['[+] Building 2.0s (2/3)', ' => [a 2/2] RUN make                1.8s']);
  expect(shown(RUNNING, { rows: 0 })).toEqual([]);
});

test('no line is wider than the terminal, whatever its width and whatever is in it', () => {
  const state = after(
    start(1, `[a 1/2] RUN ${'ああ🎉e\u0301'.repeat(20)}`),
    output(1, 'あ'.repeat(200)),
    start(2, 'RUN x'),
  );
  for (let columns = 1; columns < 90; columns++) {
    for (const { text } of displayLines(state, { now: 1e7, columns, rows: 50, phase: 'building' })) {
      expect(cellsOf(text)).toBeLessThanOrEqual(columns);
    }
  }
  expect(clipped('ああ', 3)).toBe('あ…');
  expect(clipped('abc', 3)).toBe('abc');
});

test('the end says how it ended', () => {
  const failed = ended(after(start(1, 'RUN a'), end(1, 'failed', 2), start(2, 'RUN b'), output(2, 'x')), 1500);
  expect(shown(failed, { phase: 'failed' })).toEqual([
    '[+] Building 2.0s (0/2) FAILED',
    'failed:  => ERROR RUN a                     2.0s',
    'canceled:  => CANCELED RUN b                  1.3s',
  ]);
  expect(shown(after(start(1, 'a'), end(1, 'done', 601)), { phase: 'finished' })).toEqual([
    '[+] Building 2.0s (1/1) FINISHED',
    'done:  => a                             10m01s',
  ]);
});

test('transfers have their sizes, and a new line each time', () => {
  let state = emptyDisplay(0);
  const transfer = (done: number, total: number | undefined, now: number) => {
    const size = total === undefined ? {} : { total };
    state = withProgress(state, { type: 'bytes', label: 'layer', done, ...size }, now);
  };
  transfer(500, 1500, 0);
  transfer(1000, 1500, 500);
  expect(shown(state).at(-1)).toBe(' => => layer     1.00 kB / 1.50 kB  2.0s');
  transfer(1500, 1500, 1000);
  transfer(7, undefined, 1200);
  expect(shown(ended(state, 1700)).slice(1)).toEqual([
    'done:  => => layer               1.50 kB  1.0s',
    'done:  => => layer                   7 B  0.5s',
  ]);
});

const row = (left: string, right: string) => left + right.padStart(39 - left.length);

/** A terminal as far as the display uses it: text, carriage return, newline, up, clear to the end of line and screen. */
function emulator(columns: number, rows: number) {
  const grid: string[] = [''];
  let [x, y] = [0, 0];
  let isHidden = false;
  const stream = new Writable({
    decodeStrings: false,
    write(piece: string, _, done) {
      for (const [token] of piece.matchAll(/\u001B\[(\??\d*)([A-Za-z])|[^\u001B]/g)) apply(token);
      done();
    },
  });
  const apply = (token: string) => {
    const up = /^\u001B\[(\d+)A$/.exec(token)?.[1];
    if (token === '\n') [x, y] = [0, y + 1];
    else if (token === '\r') x = 0;
    else if (up !== undefined) y = Math.max(0, grid.length - rows, y - Number(up));
    else if (token === '\u001B[K') grid[y] = (grid[y] ?? '').slice(0, x);
    else if (token === '\u001B[J') grid.splice(y, grid.length, (grid[y] ?? '').slice(0, x));
    else if (token === '\u001B[?25l' || token === '\u001B[?25h') isHidden = token.endsWith('l');
    else if (!token.startsWith('\u001B')) {
      const line = (grid[y] ?? '').padEnd(x);
      grid[y] = line.slice(0, x) + token + line.slice(x + 1);
      x++;
    }
    while (grid.length <= y) grid.push('');
  };
  return {
    screen: Object.assign(stream, { columns, rows }),
    lines: () => grid.map((line) => line.trimEnd()),
    hidden: () => isHidden,
  };
}

test('what is drawn takes the place of what was drawn, notes stay above, and the end stays', () => {
  let now = 0;
  const { screen, lines, hidden } = emulator(40, 8);
  screen.write('$ pare build\n');
  const display = terminalDisplay(screen, () => now);
  for (let id = 1; id <= 10; id++) display.event(start(id, `RUN ${id}`));
  display.note('first');
  for (let id = 1; id <= 9; id++) display.event(end(id, 'done', id));
  now = 3000;
  display.event(output(10, 'working'));
  display.note('second');
  expect(lines().slice(0, 4)).toEqual(['$ pare build', 'first', 'second', '[+] Building 3.0s (9/10)']);
  expect(lines().at(-2)).toBe(' => RUN 10                         3.0s');
  display.event(end(10, 'done', 4));
  display.finish('finished');
  display.finish('failed');
  display.note('after');
  expect(hidden()).toBe(false);
  expect(lines()).toEqual([
    ...['$ pare build', 'first', 'second', '[+] Building 3.0s (10/10) FINISHED'],
    ...Array.from({ length: 10 }, (_, i) => row(` => RUN ${i + 1}`, `${i === 9 ? 4 : i + 1}.0s`)),
    ...['after', ''],
  ]);
});

test('where nothing was done, nothing is drawn', () => {
  const { screen, lines } = emulator(40, 8);
  const display = terminalDisplay(screen, () => 0);
  display.finish('failed');
  expect(lines()).toEqual(['']);
});
