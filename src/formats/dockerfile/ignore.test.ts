import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharedFixture } from '../../../test/shared.ts';
import { ImageError } from '../../base/errors.ts';
import { compileIgnore, parseIgnore } from './ignore.ts';
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

  it('is what the regular expressions of moby say of a path and what lies above it', () => {
    const part = fc.constantFrom('a', 'b', '/', '*', '**', '?', '[a-b]', '[^a]', '.', '\\\\*');
    const pattern = fc.array(part, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), minLength: 1, maxLength: 3 });
    const path = fc.array(
      name.filter((one) => one !== '.' && one !== '..'),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(pattern, path, (text, names) => {
        const [clean = ''] = parseIgnore(text.replace(/^\//, ''));
        fc.pre(clean !== '' && !clean.startsWith('!') && !clean.startsWith('#'));
        const compiledPattern = compilePattern(clean);
        const paths = names.map((_, i) => names.slice(0, i + 1).join('/'));
        const expected = paths.some((one) => asMoby(compiledPattern, clean, one));
        expect([clean, names.join('/'), compileIgnore([clean]).matches(names.join('/'))]).toEqual([
          clean,
          names.join('/'),
          expected,
        ]);
      }),
      { numRuns: 3000 },
    );
  });

  /** One path alone, by the shortcut or the expression that moby would choose. */
  function asMoby(pattern: Pattern, clean: string, path: string): boolean {
    switch (pattern.kind) {
      case 'exact':
        return path === clean;
      case 'prefix':
        return path.startsWith(clean.slice(0, -2));
      case 'suffix':
        return path.endsWith(clean.slice(2)) || (clean[2] === '/' && path === clean.slice(3));
      case 'tokens':
        return new RegExp(`^${pattern.tokens.map(quotedExpression).join('')}$`, 'u').test(path);
    }
  }

  function quotedExpression(token: PatternToken): string {
    return token.kind === 'char' ? token.char.replace(/[.*+()|{}$\\/]/, '\\$&') : expression(token);
  }

  it('takes no time for patterns made to take it', () => {
    const matcher = compileIgnore([`${'*a'.repeat(50)}b`, `${'**/a'.repeat(50)}/b?`]);
    expect(matcher.matches('a'.repeat(5000))).toBe(false);
    expect(matcher.matches('a/'.repeat(100))).toBe(false);
  });
});
