import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { environmentOf } from '../../../test/environment.ts';
import { sharedFixture } from '../../../test/shared.ts';
import { ImageError } from '../../base/errors.ts';
import { expandWord, expandWords } from './expand.ts';

const tables = sharedFixture('buildkit-dockerfile/frontend/dockerfile/shell');

describe.skipIf(tables === undefined)('the tables of BuildKit', () => {
  const VARIABLES = [
    ['PWD', '/home'],
    ['SHELL', 'bash'],
    ['KOREAN', '한국어'],
    ['NULL', ''],
  ] as const;
  const rows = readFileSync(`${tables}/envVarTest`, 'utf8')
    .split('\n')
    .map((line) =>
      line.split('#')[0] === '' || line.trim() === '' || line.startsWith('#') ? undefined : line.split('|'),
    )
    .filter((row) => row !== undefined)
    .map(([platform = '', word = '', value = '']) => ({ platform, word: word.trim(), value: value.trim() }));

  it('has 230 rows', () => expect(rows).toHaveLength(230));

  it.each(['unix', 'windows'] as const)('expands every row of envVarTest on %s', (system) => {
    const env = environmentOf(VARIABLES, { windows: system === 'windows' });
    const chosen = rows.filter(({ platform }) => platform !== (system === 'unix' ? 'W' : 'U'));
    expect(chosen.length).toBeGreaterThan(200);
    const wrong = chosen.filter(({ word, value }) => outcome(() => expandWord(word, env)) !== value);
    expect(wrong).toEqual([]);
  });

  it('splits every row of wordsTest', () => {
    const variables = new Map<string, string>();
    let tried = 0;
    for (const line of readFileSync(`${tables}/wordsTest`, 'utf8').split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const set = /^ENV ([^=]+)=(.*)$/.exec(line);
      if (set !== null) variables.set(set[1]!, set[2]!);
      const [word = '', expected = ''] = line.split('|');
      if (set !== null) continue;
      const words = outcome(() => expandWords(word.trimStart(), environmentOf(variables)).join(','));
      expect([line, words]).toEqual([line, expected.trimStart()]);
      tried++;
    }
    expect(tried).toBe(24);
  });
});

function outcome(run: () => string): string {
  try {
    return run();
  } catch (error) {
    expect(error).toBeInstanceOf(ImageError);
    return 'error';
  }
}

describe('forms of a variable', () => {
  const env = environmentOf([
    ['path', '/usr/lib/a.tar.gz'],
    ['odd', 'a*b}c/d'],
    ['empty', ''],
  ]);
  it.each([
    ['${path#*/}', 'usr/lib/a.tar.gz'],
    ['${path##*/}', 'a.tar.gz'],
    ['${path%.*}', '/usr/lib/a.tar'],
    ['${path%%.*}', '/usr/lib/a'],
    ['${path%%t?r*}', '/usr/lib/a.'],
    ['${path/lib/share}', '/usr/share/a.tar.gz'],
    ['${path//\\//_}', '_usr_lib_a.tar.gz'],
    ['${path//*/x}', 'x'],
    ['${path/nothing/x}', '/usr/lib/a.tar.gz'],
    ['${odd#a\\*}', 'b}c/d'],
    ['${odd%\\}*}', 'a*b'],
    ['${odd/\\//-}', 'a*b}c-d'],
    ['${empty-set}', ''],
    ['${empty:-set}', 'set'],
    ['${unset/a/b}', ''],
    ['${path#"/usr"}', '/lib/a.tar.gz'],
    ['${path##$nothing*/}', 'a.tar.gz'],
  ])('%s is %s', (word, value) => {
    expect(expandWord(word, env)).toBe(value);
  });

  it('says which variable is required, and in the words of the file', () => {
    expect(() => expandWord('${VERSION:?give a version}', env)).toThrow(/VERSION is required: give a version/);
  });

  it('keeps what is not set, and leaves quotes alone, where it is told so', () => {
    const seen: string[] = [];
    expect(
      expandWord('"$a" ${b:-c} $path', env, { quotes: 'ignore', keepUnset: true, seen: (n) => seen.push(n) }),
    ).toBe('"$a" ${b:-c} /usr/lib/a.tar.gz');
    expect(seen).toEqual(['a', 'b', 'path']);
    expect(expandWord(`'a'"b"`, env, { quotes: 'keep' })).toBe(`'a'"b"`);
    expect(expandWord('a`$path \\x', env, { escape: '`' })).toBe('a$path \\x');
  });

  it('refuses bombs', () => {
    const nested = `${'${a:-'.repeat(1000)}x${'}'.repeat(1000)}`;
    expect(() => expandWord(nested, env)).toThrow(/inside one another/);
    const big = environmentOf([['a', 'x'.repeat(1 << 20)]]);
    expect(() => expandWord('$a'.repeat(20), big)).toThrow(/beyond all bounds/);
    const long = environmentOf([['a', 'a'.repeat(100_000)]]);
    expect(() => expandWord(`\${a##*${'a'.repeat(50_000)}b*}`, long)).toThrow(/refused/);
  });
});
