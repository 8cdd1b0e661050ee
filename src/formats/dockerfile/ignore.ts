/** .dockerignore by moby's rules: the last pattern that matches a path or a directory above it decides. @module */
import { ImageError } from '../../base/errors.ts';
import { compilePattern, matchesPathOrParent, type Pattern } from './ignore-pattern.ts';
import { endOf } from './source.ts';

export interface IgnoreMatcher {
  /** Whether some pattern begins with `!`, so that something below an ignored directory may be wanted. */
  readonly hasExceptions: boolean;
  /** Whether the path is left out. @param path below the context, names between slashes */
  matches(path: string): boolean;
}

/** The patterns of a .dockerignore: comments and blank lines left out, paths cleaned, slashes in front taken away. */
export function parseIgnore(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  return lines.flatMap((line) => {
    if (line.startsWith('#')) return [];
    const trimmed = line.trim();
    const mark = trimmed.startsWith('!') ? '!' : '';
    const pattern = trimmed.slice(mark.length).trim();
    if (pattern === '') return mark === '' ? [] : [mark];
    return [mark + cleanPattern(pattern).replace(/^\/(?=.)/, '')];
  });
}

interface Rule {
  readonly pattern: Pattern;
  readonly exception: boolean;
}

/** @throws ImageError INVALID for a pattern that is none */
export function compileIgnore(patterns: readonly string[]): IgnoreMatcher {
  const rules = patterns.flatMap(compileRule);
  return {
    hasExceptions: rules.some(({ exception }) => exception),
    matches(path) {
      const start = path.replace(/^\/+/, '');
      const clean = start.slice(
        0,
        endOf(start, (char) => char === '/'),
      );
      const last = rules.findLast(({ pattern }) => matchesPathOrParent(pattern, clean));
      return last?.exception === false;
    },
  };
}

function compileRule(text: string): Rule[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const clean = cleanPattern(trimmed);
  const exception = clean.startsWith('!');
  const pattern = exception ? clean.slice(1) : clean;
  if (pattern === '') {
    throw new ImageError('INVALID', 'the pattern "!" excepts nothing', { hint: 'write !PATTERN' });
  }
  return [{ pattern: compilePattern(pattern), exception }];
}

/** Go's filepath.Clean: `.` and doubled slashes go, `..` takes the name before it along. */
function cleanPattern(pattern: string): string {
  const rooted = pattern.startsWith('/');
  const names: string[] = [];
  for (const name of pattern.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.length > 0 && names.at(-1) !== '..') names.pop();
    else if (!rooted) names.push(name);
  }
  const path = (rooted ? '/' : '') + names.join('/');
  return path === '' ? '.' : path;
}
