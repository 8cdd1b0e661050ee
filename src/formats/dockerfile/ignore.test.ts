import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sharedFixture } from '../../../test/shared.ts';
import { ImageError } from '../../base/errors.ts';
import { compileIgnore, ignoreFilesOf, parseIgnore } from './ignore.ts';
import { compilePattern, type Pattern, type PatternToken } from './ignore-pattern.ts';

const folder = sharedFixture('moby-patternmatcher');

function table<T>(name: string): T[] {
  return JSON.parse(readFileSync(`${folder}/${name}`, 'utf8'));
}

describe.skipIf(folder === undefined)("moby's tables", () => {
  it('match 67 paths', () => {
    const rows = table<[string, string, boolean]>('matches.json');
    expect(rows).toHaveLength(67);
    expect(rows.filter(([pattern, path, matches]) => compileIgnore([pattern]).matches(path) !== matches)).toEqual([]);
  });

  it('match 4 paths by several patterns', () => {
    const rows = table<[string[], string, boolean]>('multi.json');
    expect(rows).toHaveLength(4);
    expect(rows.filter(([patterns, path, matches]) => compileIgnore(patterns).matches(path) !== matches)).toEqual([]);
  });

  it('match or refuse 54 patterns as filepath.Match does', () => {
    const rows = table<[string, string, boolean, unknown]>('filepath_match.json');
    expect(rows).toHaveLength(54);
    for (const [pattern, path, matches, refused] of rows) {
      expect([pattern, path, outcome(pattern, path)]).toEqual([pattern, path, refused === null ? matches : 'refused']);
    }
  });

  it('compile 21 patterns', () => {
    const rows = table<[string, { $go: string }, string, string]>('compile.json');
    expect(rows).toHaveLength(21);
    for (const [pattern, { $go: kind }, expression] of rows) {
      expect([pattern, ...compiled(compilePattern(pattern))]).toEqual([pattern, kind, expression]);
    }
  });
});

function outcome(pattern: string, path: string): boolean | string {
  try {
    return compileIgnore([pattern]).matches(path);
  } catch (error) {
    expect(error).toBeInstanceOf(ImageError);
    return 'refused';
  }
}

/** The kinds and regular expressions of the table. */
function compiled(pattern: Pattern): [string, string] {
  if (pattern.kind === 'tokens') return ['regexpMatch', `^${pattern.tokens.map(expression).join('')}$`];
  return [`${pattern.kind}Match`, ''];
}

function expression(token: PatternToken): string {
  switch (token.kind) {
    case 'char':
      return token.char.replace(/[.+()|{}$]/, '\\$&');
    case 'one':
      return '[^/]';
    case 'star':
      return '[^/]*';
    case 'names':
      return '(.*/)?';
    case 'all':
      return '.*';
    case 'set':
      return `[${token.negated ? '^' : ''}${token.ranges.map(([a, b]) => (a === b ? a : `${a}-${b}`)).join('')}]`;
  }
}

describe('.dockerignore', () => {
  it('has comments, blank lines and paths in many forms', () => {
    const text = '\uFEFF# no\n\n  /a//b/ \r\n #no comment\n! /c/./d \n!\n../e\n./\n/\n';
    expect(parseIgnore(text)).toEqual(['a/b', '#no comment', '!c/d', '!', '../e', '.', '/']);
    expect(() => compileIgnore(['!'])).toThrow(/excepts nothing/);
  });

  it('lets the last pattern decide, for what lies below as well', () => {
    const { matches, hasExceptions } = compileIgnore(['*', '!src', 'src/**/*.o', '!src/keep.o', '**/node_modules']);
    expect(hasExceptions).toBe(true);
    const out = ['a', 'src', 'src/a.c', 'src/x/a.o', 'src/keep.o', 'src/y/node_modules/z', 'b/src'].filter(matches);
    expect(out).toEqual(['a', 'src/x/a.o', 'src/y/node_modules/z', 'b/src']);
  });

  it('comes beside the Dockerfile first', () => {
    expect(ignoreFilesOf('docker/Dockerfile.dev')).toEqual(['docker/Dockerfile.dev.dockerignore', '.dockerignore']);
  });

  it('takes no time for patterns made to take it', () => {
    const matcher = compileIgnore([`${'*a'.repeat(50)}b`, `${'**/a'.repeat(50)}/b?`]);
    expect(matcher.matches('a'.repeat(5000))).toBe(false);
    expect(matcher.matches('a/'.repeat(100))).toBe(false);
  });
});
