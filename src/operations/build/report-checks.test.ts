/** What is found while a file is built. */
import { expect, test } from 'vitest';
import type { BuildEvent } from '../../builders/dockerfile/ports.ts';
import { parseDockerfile } from '../../formats/dockerfile/parse.ts';
import type { BuildOptions } from './options.ts';
import { laterChecks } from './report-checks.ts';

const RULE = 'InvalidBaseImagePlatform';

/** Told twice, as by two platforms. */
function toldOf(text: string, args: ReadonlyMap<string, string> = new Map()): readonly BuildEvent[] {
  const file = parseDockerfile(text, 'Dockerfile');
  const told: BuildEvent[] = [];
  const options = { args, report: (event: BuildEvent) => void told.push(event) } as BuildOptions;
  const check = laterChecks(file, options);
  const range = file.stages[0]?.base.range;
  if (range === undefined) throw new Error('no stage');
  for (let i = 0; i < 2; i++) check(RULE, range, 'it is for another');
  return told;
}

test('said once, with its rule and line', () => {
  const check = { rule: RULE, line: 2 };
  expect(toldOf('# c\nFROM a')).toEqual([{ kind: 'warning', text: 'it is for another', check }]);
});

test('not said where the file or the argument skips it', () => {
  expect(toldOf(`# check=skip=${RULE}\nFROM a`)).toEqual([]);
  expect(toldOf('# check=skip=all;error=true\nFROM a')).toEqual([]);
  expect(toldOf('FROM a', new Map([['BUILDKIT_DOCKERFILE_CHECK', `skip=${RULE}`]]))).toEqual([]);
});

test('the end of the build where the file says so', () => {
  const refused = expect.objectContaining({ code: 'INVALID', message: `${RULE}: it is for another` });
  expect(() => toldOf('# check=error=true\nFROM a')).toThrow(refused);
});
