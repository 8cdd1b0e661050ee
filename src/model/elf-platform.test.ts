import { expect, test } from 'vitest';
import type { Elf } from '../formats/elf/types.ts';
import { platformOfElf } from './elf-platform.ts';
import { formatPlatform } from './platform.ts';

const header = (machine: number, bits: 32 | 64, endian: 'little' | 'big', flags = 0) =>
  ({ machine, bits, endian, flags }) as Elf;

/** Machine, class, byte order and flags as `readelf -h` shows them for Debian's /bin/true of each port. */
test.each([
  ['linux/386', header(3, 32, 'little')],
  ['linux/amd64', header(62, 64, 'little')],
  ['linux/arm64', header(183, 64, 'little')],
  ['linux/arm/v7', header(40, 32, 'little', 0x5000400)],
  ['linux/arm/v5', header(40, 32, 'little', 0x5000200)],
  ['linux/mips64le', header(8, 64, 'little', 0x80000006)],
  ['linux/mipsle', header(8, 32, 'little', 0x70001007)],
  ['linux/mips64p32', header(8, 32, 'big', 0x80000027)],
  ['linux/ppc64le', header(21, 64, 'little', 0x2)],
  ['linux/ppc64', header(21, 64, 'big', 0x1)],
  ['linux/ppc', header(20, 32, 'big')],
  ['linux/riscv64', header(243, 64, 'little', 0x5)],
  ['linux/s390x', header(22, 64, 'big')],
  ['linux/loong64', header(258, 64, 'little', 0x43)],
  ['linux/sparc64', header(43, 64, 'big')],
])('%s', (platform, elf) => {
  expect(formatPlatform(platformOfElf(elf) ?? { os: '', architecture: '' })).toBe(platform);
});

test('a machine without a name', () => {
  expect(platformOfElf(header(4, 32, 'big'))).toBeUndefined();
});
