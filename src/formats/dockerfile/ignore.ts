/** .dockerignore by moby's rules: the last pattern that matches a path or a directory above it decides. @module */
import { ImageError } from '../../base/errors.ts';
import { compilePattern, matchesPattern, type Pattern } from './ignore-pattern.ts';

export interface IgnoreMatcher {
  /** Whether some pattern begins with `!`, so that something below an ignored directory may be wanted. */
  readonly hasExceptions: boolean;
  /** Whether the path is left out. @param path below the context, names between slashes */
  matches(path: string): boolean;
}

/** The files that may say it, for a Dockerfile at this path of the context; the first one that exists is the only one that counts. */
export function ignoreFilesOf(dockerfile: string): readonly string[] {
  return [`${dockerfile}.dockerignore`, '.dockerignore'];
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

/** Directories remembered; they come one after the other in a walk. */
const REMEMBERED = 4096;

/** @throws ImageError INVALID for a pattern that is none */
export function compileIgnore(patterns: readonly string[]): IgnoreMatcher {
  const rules = patterns.flatMap(compileRule);
  const above = new Map<string, Uint8Array>();
  const flagsOf = (path: string): Uint8Array => {
    const flags = Uint8Array.from(rules, ({ pattern }) => (matchesPattern(pattern, path) ? 1 : 0));
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (parent === '') return flags;
    let inherited = above.get(parent);
    if (inherited === undefined) {
      inherited = flagsOf(parent);
      if (above.size >= REMEMBERED) above.clear();
      above.set(parent, inherited);
    }
    for (const [i, flag] of inherited.entries()) if (flag === 1) flags[i] = 1;
    return flags;
  };
  return {
    hasExceptions: rules.some(({ exception }) => exception),
    matches(path) {
      const clean = path.replace(/^\/+|\/+$/g, '');
      const last = flagsOf(clean).lastIndexOf(1);
      return last >= 0 && rules[last]?.exception === false;
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
