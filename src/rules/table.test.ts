import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RULES } from './table.ts';

const README = readFileSync(new URL('../../docs/rules/README.md', import.meta.url), 'utf8');

test('every rule has a name of its own, and its line in the documentation', () => {
  expect(new Set(RULES.map(({ name }) => name)).size).toBe(RULES.length);
  const lines = [...README.matchAll(/^\| \[.*$/gm)].map(([line]) => line);
  expect(lines).toEqual(RULES.map(({ name, summary }) => `| [${name}](${name}.md) | ${summary} |`));
});

/** Programs of the functional tests: rules know interfaces and not them. */
const PROGRAMS = 'redis wrk hey curl git sqlite3 nginx apache2 ffmpeg vim'.split(' ');

test('no rule knows a program by its name', () => {
  for (const name of RULES.map((rule) => rule.name)) {
    const source = readFileSync(new URL(`./${name}.ts`, import.meta.url), 'utf8');
    const text = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    for (const program of PROGRAMS)
      expect(text, `${name}.ts`).not.toMatch(new RegExp(`\\b${program}(?:-server)?\\b`, 'i'));
  }
});
