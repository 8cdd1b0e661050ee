/** The smallest programs of several machines: they end with a status, and need nothing. What a cross compiler would make. */

interface Machine {
  /** e_machine, elf(5) */
  readonly number: number;
  readonly bits: 32 | 64;
  readonly flags: number;
  /** exit(42) */
  readonly code: readonly number[];
}

const MACHINES: Readonly<Record<string, Machine>> = {
  // mov edi, 42; mov eax, 60; syscall
  amd64: { number: 62, bits: 64, flags: 0, code: [0xbf, 42, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05] },
  // mov x0, #42; mov x8, #93; svc #0
  arm64: { number: 183, bits: 64, flags: 0, code: [0x40, 0x05, 0x80, 0xd2, 0xa8, 0x0b, 0x80, 0xd2, 1, 0, 0, 0xd4] },
  // mov r0, #42; mov r7, #1; svc 0
  arm: { number: 40, bits: 32, flags: 0x5000200, code: [42, 0, 0xa0, 0xe3, 1, 0x70, 0xa0, 0xe3, 0, 0, 0, 0xef] },
};

/** A static executable of one segment (gABI chapters 4 and 5), little-endian, whose status is 42. */
export function tinyProgram(architecture: string): Uint8Array {
  const machine = MACHINES[architecture];
  if (machine === undefined) throw new Error(`no machine code for ${architecture}`);
  const { number, bits, flags, code } = machine;
  const [header, segment] = bits === 64 ? [64, 56] : [52, 32];
  const base = 0x40_0000;
  const size = header + segment + code.length;
  const file = Buffer.alloc(size);
  let at = 0;
  const half = (value: number) => {
    at = file.writeUInt16LE(value, at);
  };
  const word = (value: number) => {
    at = file.writeUInt32LE(value, at);
  };
  const address = (value: number) => {
    at = bits === 64 ? file.writeBigUInt64LE(BigInt(value), at) : file.writeUInt32LE(value, at);
  };
  at = file.write('\x7fELF', 'latin1');
  file.set([bits / 32, 1, 1], at);
  at = 16;
  half(2); // ET_EXEC
  half(number);
  word(1);
  address(base + header + segment);
  address(header);
  address(0);
  word(flags);
  for (const value of [header, segment, 1, 0, 0, 0]) half(value);
  word(1); // PT_LOAD
  if (bits === 64) word(5);
  for (const value of [0, base, base, size, size]) address(value);
  if (bits === 32) word(5);
  address(0x1000);
  file.set(code, header + segment);
  return file;
}
