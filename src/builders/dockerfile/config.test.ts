import { expect, test } from 'vitest';
import { workdirOf, workingDirectory } from './config.ts';

test('WORKDIR is written down as it stands, and means the path without its dots', () => {
  const first = { WorkingDir: workdirOf({ WorkingDir: '/' }, '/x/../d') };
  expect([first.WorkingDir, workingDirectory(first)]).toEqual(['/x/../d', '/d']);
  expect(workdirOf(first, 'y/../z')).toBe('/d/z');
  expect(workdirOf(first, '')).toBe('/x/../d');
});
