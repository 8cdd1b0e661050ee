/** Architectures, and which of their programs the kernel runs by itself. @module */
import { endianness } from 'node:os';

/** As images name them. */
interface Architecture {
  readonly name: string;
  /** e_machine, elf(5) */
  readonly machine: number;
  readonly bits: 32 | 64;
  readonly endian: 'little' | 'big';
}

/** Those that Debian and Docker make images for. */
export const ARCHITECTURES: readonly Architecture[] = [
  { name: 'amd64', machine: 62, bits: 64, endian: 'little' },
  { name: 'arm64', machine: 183, bits: 64, endian: 'little' },
  { name: 'arm', machine: 40, bits: 32, endian: 'little' },
  { name: '386', machine: 3, bits: 32, endian: 'little' },
  { name: 'ppc64le', machine: 21, bits: 64, endian: 'little' },
  { name: 's390x', machine: 22, bits: 64, endian: 'big' },
  { name: 'riscv64', machine: 243, bits: 64, endian: 'little' },
  { name: 'loong64', machine: 258, bits: 64, endian: 'little' },
];

/** Node.js's name of a machine → the architectures whose programs its kernel runs. */
const NATIVE: Readonly<Record<string, readonly string[]>> = {
  x64: ['amd64', '386'],
  arm64: ['arm64', 'arm'],
  arm: ['arm'],
  ia32: ['386'],
  ppc64: [endianness() === 'LE' ? 'ppc64le' : 'ppc64'],
  s390x: ['s390x'],
  riscv64: ['riscv64'],
  loong64: ['loong64'],
};

export function isNative(architecture: string): boolean {
  return NATIVE[process.arch]?.includes(architecture) ?? false;
}

/** The first twenty bytes of an executable (gABI, "ELF Header"). */
export function elfHead({ machine, bits, endian }: Architecture): Uint8Array {
  const head = new DataView(new ArrayBuffer(20));
  const little = endian === 'little';
  head.setUint32(0, 0x7f454c46);
  head.setUint8(4, bits / 32);
  head.setUint8(5, little ? 1 : 2);
  head.setUint8(6, 1);
  head.setUint16(16, 2, little);
  head.setUint16(18, machine, little);
  return new Uint8Array(head.buffer);
}
