import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { namesInText, readMentions } from './mentions.ts';

describe('what strings say', () => {
  test('whole paths, alone, in lists and in messages', () => {
    const { paths } = readMentions([
      '/etc/a.conf',
      '/usr/share/x/',
      '/lib/t:/usr/share/t',
      'cannot open "/etc/b" now',
      '-D DIR=/etc/c',
    ]);
    expect([...paths].sort()).toEqual(['/etc/a.conf', '/etc/b', '/etc/c', '/lib/t', '/usr/share/t', '/usr/share/x']);
  });

  test('names, without a variable or a directory to be filled in before them', () => {
    const { names } = readMentions(['$RUNTIME/menu.x', `$\{DIR}/sub/a`, '%s/b.x', './c.x', 'runtime! syntax/d.x']);
    for (const name of ['menu.x', 'sub/a', 'b.x', 'c.x', 'syntax/d.x']) expect(names).toContain(name);
  });

  test('people’s own files are not meant', () => {
    const { names, paths } = readMentions(['~/.apprc', '$HOME/.apprc']);
    expect(paths.size).toBe(0);
    expect([...names]).toEqual(['.apprc']);
  });

  test('a tail of a string, as linkers share them', () => {
    const { endsWith } = readMentions(['own-menu.x']);
    expect([endsWith('menu.x'), endsWith('menu'), endsWith('u.x')]).toEqual([true, false, false]);
  });
});

describe('patterns', () => {
  function variablesOf(pattern: string, name: string) {
    return readMentions([pattern]).patterns.map((one) => one.variables(name));
  }

  test.each([
    ['remote-%s', 'remote-http', ['http']],
    ['keymap/%s_%s.vim', 'keymap/greek_utf-8.vim', ['greek', 'utf-8']],
    ['spell/%.*s.vim', 'spell/en.vim', ['en']],
    ['%s/plugin/**/*.vim', 'plugin/a/b.vim', ['a/', 'b']],
    ['plugin/**/*.vim', 'plugin/b.vim', ['', 'b']],
    ['level%02d/data', 'level07/data', ['07']],
  ])('%s fits %s', (pattern, name, variables) => {
    expect(variablesOf(pattern, name)).toEqual([variables]);
  });

  test.each([
    ['remote-%s', 'remote-a/b'],
    ['plugin/*.vim', 'plugin/a/b.vim'],
    ['a.b/%s', 'axb/c'],
  ])('%s does not fit %s', (pattern, name) => {
    expect(variablesOf(pattern, name)).not.toContainEqual(expect.anything());
  });

  test.each(['%s.so', '%s/%s', 'char*', '100%', '%s%s%s-abc', 'ab-%s'])('%s says too little', (pattern) => {
    expect(readMentions([pattern]).patterns).toEqual([]);
  });

  test('match in bounded time, whatever the strings and names', () => {
    const piece = fc.constantFrom('%s', '*', '**/', 'aaa', '/', 'a', '.');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.nat(255), (pieces, length) => {
        const started = performance.now();
        for (const pattern of readMentions([pieces.join('')]).patterns) pattern.variables('a'.repeat(length));
        expect(performance.now() - started).toBeLessThan(1000);
      }),
    );
  });
});

test('the text of a data file names files, and those of functions that are loaded when called', () => {
  const names = namesInText('runtime syntax/load.vim\ncall dist#ft#Check(1)\nsource $DIR/b.vim');
  for (const name of ['syntax/load.vim', 'autoload/dist/ft.vim', 'b.vim']) expect(names).toContain(name);
});
