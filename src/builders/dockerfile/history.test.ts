import { expect, test } from 'vitest';
import { goDuration, healthcheckText, historyOf, quotedList, runText } from './history.ts';

test.each([
  [0, '0s'],
  [250e6, '250ms'],
  [1.5e9, '1.5s'],
  [90e9, '1m30s'],
  [3600e9, '1h0m0s'],
])('%d ns is %s', (nanoseconds, text) => expect(goDuration(nanoseconds)).toBe(text));

test('commands and checks as Go prints them', () => {
  expect(quotedList(['/bin/sh', '-c', 'echo "a"'])).toBe('["/bin/sh" "-c" "echo \\"a\\""]');
  const check = { Test: ['CMD-SHELL', 'true'], Interval: 5e9, Retries: 3 };
  expect(healthcheckText(check)).toBe(
    '{Test:[CMD-SHELL true] Interval:5s Timeout:0s StartPeriod:0s StartInterval:0s Retries:3}',
  );
});

test('a RUN names the arguments that it saw', () => {
  expect(runText(['/bin/sh', '-c', 'make'], [])).toBe('RUN /bin/sh -c make # buildkit');
  expect(
    runText(
      ['make'],
      [
        ['A', '1'],
        ['B', ''],
      ],
    ),
  ).toBe('RUN |2 A=1 B= make # buildkit');
});

test('what has no time of its own has that of the layer before, or of the next', () => {
  const none = { created: undefined, hasLayer: false };
  const told = [
    { text: 'ENV', ...none },
    { text: 'RUN', created: 't1', hasLayer: true },
    { text: 'CMD', ...none },
  ];
  expect(historyOf(told, [], 'now').map(({ created }) => created)).toEqual(['t1', 't1', 't1']);
  expect(historyOf(told, [{ created: 't0' }], 'now').map(({ created }) => created)).toEqual(['t0', 't1', 't1']);
  expect(historyOf([{ text: 'CMD', ...none }], [], 'now')).toMatchObject([{ created: 'now', empty_layer: true }]);
});
