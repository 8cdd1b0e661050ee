import { expect, test } from 'vitest';
import { shell } from './shell.ts';
import { type ElfFile, lines, world } from './testing.ts';

async function wanted(file: ElfFile) {
  const { facts, subject } = world({ '/usr/bin/app': file });
  return lines((await shell.file?.(await subject('/usr/bin/app'), facts)) ?? []);
}

test('a program that starts programs and names the shell needs it', async () => {
  expect(await wanted({ symbols: ['execvp'], strings: ['/bin/sh', 'end'] })).toEqual([
    'recommended path /bin/sh (command-missing)',
  ]);
});

test('a program that may pass a command to it is only told of it', async () => {
  expect(await wanted({ symbols: ['popen'] })).toEqual(['suggested path /bin/sh']);
});

test('a longer name is another program', async () => {
  expect(await wanted({ symbols: ['execvp'], strings: ['/bin/show', 'end'] })).toEqual([]);
});

test('a library alone starts nothing', async () => {
  const { facts, subject } = world({ '/lib/x.so': { soname: 'x.so', symbols: ['system'] } });
  expect(await shell.file?.(await subject('/lib/x.so'), facts)).toEqual([]);
});
