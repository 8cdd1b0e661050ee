import { describe, expect, test } from 'vitest';
import type { ElfNote } from '../formats/elf/types.ts';
import { dlopen } from './dlopen.ts';
import { type ElfFile, lines, type WorldOptions, world } from './testing.ts';

const LIB = '/usr/lib/libx.so.1';

async function wanted(file: ElfFile, options: WorldOptions = {}) {
  const { facts, subject } = world({ [LIB]: file }, options);
  return lines((await dlopen.file?.(await subject(LIB, { program: '/usr/bin/app' }), facts)) ?? []);
}

function note(value: unknown): ElfNote {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return { owner: 'FDO', type: 0x407c0c0a, desc: Buffer.from(`${text}\0\0`) };
}

describe('.note.dlopen', () => {
  test('says which libraries, in order of preference, and how much each counts', async () => {
    const notes = [
      note([
        { soname: ['liba.so.2', 'liba.so.1'], feature: 'a', description: 'Support for a', priority: 'required' },
        { soname: ['libb.so.1'], priority: 'suggested' },
      ]),
      note([{ soname: ['libc1.so.1'] }]),
    ];
    expect(await wanted({ soname: 'libx.so.1', notes })).toEqual([
      'recommended library libc1.so.1',
      'required first library liba.so.2 | library liba.so.1 (data-missing)',
      'suggested library libb.so.1',
    ]);
  });

  test.each([
    ['no JSON', note('{')],
    ['no array', note({ soname: ['liba.so.1'] })],
    ['no sonames', note([{ feature: 'x' }, null, { soname: 'liba.so.1' }, { soname: ['../../etc/x', 7] }])],
    ['of another owner', { ...note([{ soname: ['liba.so.1'] }]), owner: 'GNU' }],
  ])('that is %s says nothing', async (_, one) => {
    expect(await wanted({ soname: 'libx.so.1', notes: [one] })).toEqual([]);
  });
});

describe('names among the strings', () => {
  const strings = ['libcrypt.so.2', 'libloaded.so.1', 'libx.so.1', 'libplain.so', '/abs/libq.so.1', 'not a libz.so.1'];

  test('are suggestions where the file opens libraries', async () => {
    const file = { soname: 'libx.so.1', symbols: ['dlopen'], strings, libraries: ['/usr/lib/libloaded.so.1'] };
    expect(await wanted(file)).toEqual(['suggested library libcrypt.so.2']);
  });

  test('mean nothing where it opens none', async () => {
    expect(await wanted({ soname: 'libx.so.1', strings })).toEqual([]);
  });
});

describe('the library that unwinds the stack', () => {
  async function program(file: ElfFile, options: WorldOptions = {}) {
    const { facts, subject } = world({ '/usr/bin/app': file }, options);
    return lines((await dlopen.file?.(await subject('/usr/bin/app'), facts)) ?? []);
  }

  test.each(['pthread_exit', 'pthread_cancel', 'backtrace'])('is opened by glibc for %s', async (called) => {
    expect(await program({ symbols: [called] })).toEqual(['recommended library libgcc_s.so.1 (data-missing)']);
  });

  test('is part of a C++ program', async () => {
    expect(await program({ symbols: ['pthread_exit'], libraries: ['/lib/libgcc_s.so.1'] })).toEqual([]);
  });

  test('is not wanted by musl, nor for a report of a library', async () => {
    expect(await program({ symbols: ['pthread_exit'] }, { libc: 'musl' })).toEqual([]);
    expect(await wanted({ soname: 'libx.so.1', symbols: ['backtrace'] })).toEqual(['suggested library libgcc_s.so.1']);
  });
});
