import { describe, expect, it } from 'vitest';
import { elfFile } from '../../test/elf.ts';
import type { Target } from './machine.ts';
import { verifyHeader } from './verify.ts';

const X86: Target = { bits: 64, endian: 'little', machine: 62, flags: 0 };
const HARD: Target = { bits: 32, endian: 'little', machine: 40, flags: 0x5000400 };
const SOFT: Target = { ...HARD, flags: 0x5000200 };
const PPC: Target = { bits: 64, endian: 'little', machine: 21, flags: 2 };
const RISCV: Target = { bits: 64, endian: 'little', machine: 243, flags: 5 };
const MIPS: Target = { bits: 32, endian: 'big', machine: 8, flags: 0x70001407 };

const verdict = (target: Target, file: Partial<Target>, machineFirst = false) =>
  verifyHeader(elfFile({ ...target, ...file }), { target, machineFirst }).kind;

describe('verifyHeader', () => {
  it.each([
    ['its own kind', X86, {}, 'taken'],
    ['another machine', X86, { machine: 183 }, 'passed'],
    ['another class', X86, { bits: 32 }, 'passed'],
    ['hard float for hard', HARD, {}, 'taken'],
    ['soft float for hard', HARD, { flags: 0x5000200 }, 'passed'],
    ['hard float for soft', SOFT, { flags: 0x5000400 }, 'passed'],
    ['neither for hard', HARD, { flags: 0x5000000 }, 'taken'],
    ['an old ABI for hard', HARD, { flags: 0x4000000 }, 'taken'],
    ['ELFv1 for ELFv2', PPC, { flags: 1 }, 'passed'],
    ['no ABI for ELFv2', PPC, { flags: 0 }, 'taken'],
    ['soft float for RISC-V with doubles', RISCV, { flags: 1 }, 'passed'],
    ['RISC-V without compressed code', RISCV, { flags: 4 }, 'taken'],
    ['MIPS with the newer NaN', MIPS, { flags: 0x70001007 }, 'passed'],
    ['MIPS of another level', MIPS, { flags: 0x50001407 }, 'taken'],
  ] as const)('%s is %4$s', (_, target, file, expected) => {
    expect(verdict(target, file)).toBe(expected);
  });

  it.each([
    ['too short', (bytes: Buffer) => bytes.subarray(0, 63), 'file too short'],
    ['no magic number', (bytes: Buffer) => patched(bytes, 1, 0), 'invalid ELF header'],
    ['byte order', (bytes: Buffer) => patched(bytes, 5, 2), 'ELF file data encoding not little-endian'],
    ['version', (bytes: Buffer) => patched(bytes, 6, 2), 'ELF file version ident does not match current one'],
    ['system', (bytes: Buffer) => patched(bytes, 7, 9), 'ELF file OS ABI invalid'],
    ['version of the ABI', (bytes: Buffer) => patched(bytes, 8, 1), 'ELF file ABI version invalid'],
    ['padding', (bytes: Buffer) => patched(bytes, 9, 1), 'nonzero padding in e_ident'],
    ['version again', (bytes: Buffer) => patched(bytes, 20, 2), 'ELF file version does not match current one'],
    ['relocatable', (bytes: Buffer) => patched(bytes, 16, 1), 'only ET_DYN and ET_EXEC can be loaded'],
    ['size of headers', (bytes: Buffer) => patched(bytes, 54, 1), "ELF file's phentsize not the expected size"],
  ])('ends the loader: %s', (_, change, why) => {
    expect(verifyHeader(change(elfFile()), { target: X86, machineFirst: true })).toEqual({ kind: 'fatal', why });
  });

  it("Debian's loader looks at the machine before the rest", () => {
    const foreign = patched(patched(elfFile(), 7, 9), 18, 183);
    expect(verifyHeader(foreign, { target: X86, machineFirst: true }).kind).toBe('passed');
    expect(verifyHeader(foreign, { target: X86, machineFirst: false }).kind).toBe('fatal');
  });
});

function patched(bytes: Buffer, at: number, value: number): Buffer {
  bytes.writeUInt8(value, at);
  return bytes;
}
