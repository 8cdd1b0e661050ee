import { expect, test } from 'vitest';
import { ClimbingNames } from './climbing.ts';

test.each(['a', './a/../b', 'a/b/../../c', '..a/b', '/', 'a/..', '/a/./..//'])('%s stays below the root', (name) => {
  const names = new ClimbingNames();
  names.look(name);
  expect(names.text).toBeUndefined();
});

test('names that climb are told once, the first of them by name', () => {
  const names = new ClimbingNames();
  names.look('a/../../etc/pass\nwd');
  expect(names.text).toBe('"a/../../etc/pass\\x0awd" climbs above the root: it is taken as /etc/pass\\x0awd');
  for (const name of ['/..', '../b', 'b']) names.look(name);
  expect(names.text).toContain('climbs above the root (and 2 more names): it is taken as');
});
