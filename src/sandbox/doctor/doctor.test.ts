import { expect, test } from 'vitest';
import { readElf } from '../../formats/elf/read.ts';
import { platformOfElf } from '../../model/elf-platform.ts';
import { QUESTIONS } from './questions.ts';
import { familyIn, remedyText } from './remedy.ts';
import { tinyProgram } from './tiny-program.ts';

test.each([
  ['x64', 'amd64'],
  ['arm64', 'arm64'],
])('the program for %s is a static ELF executable', async (arch, architecture) => {
  const bytes = tinyProgram(arch) as Uint8Array;
  const elf = await readElf(async (offset, size) => bytes.subarray(offset, offset + size), bytes.length);
  expect(elf).toMatchObject({ type: 2, bits: 64, interp: undefined, dynamic: undefined });
  expect(platformOfElf(elf!)?.architecture).toBe(architecture);
  expect(elf!.entry).toBe(0x400078);
});

test.each([
  ['ID=debian\n', 'debian'],
  ['ID=linuxmint\nID_LIKE="ubuntu debian"\n', 'debian'],
  ['ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'fedora'],
  ['ID="opensuse-leap"\n', 'suse'],
  ['ID=alpine', 'alpine'],
  ['ID=nixos\n', undefined],
  ['', undefined],
])('%j is of a family', (text, family) => {
  expect(familyIn(text)).toBe(family);
});

test('a remedy is a command line of the family, or names the package', () => {
  const packages = { debian: 'uidmap', fedora: 'shadow-utils' };
  expect(remedyText(packages, 'debian', true)).toBe('apt-get install uidmap');
  expect(remedyText(packages, 'fedora', false)).toBe('sudo dnf install shadow-utils');
  expect(remedyText(packages, undefined, true)).toBe('install uidmap or shadow-utils');
  expect(remedyText(packages, 'alpine', true)).toBe('install uidmap or shadow-utils');
});

test('names are unique and for scripts', () => {
  const names = QUESTIONS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z0-9-]+$/);
});
