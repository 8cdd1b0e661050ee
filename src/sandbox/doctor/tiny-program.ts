/** A program that does nothing but end well: to see whether this machine can run one in a sandbox. @module */

/** `exit(0)` in machine code, by Node.js's names of machines. */
const CODE: Readonly<Record<string, { readonly machine: number; readonly bytes: readonly number[] }>> = {
  // xor edi, edi; mov eax, 60; syscall
  x64: { machine: 62, bytes: [0x31, 0xff, 0xb8, 60, 0, 0, 0, 0x0f, 0x05] },
  // mov x0, #0; mov x8, #93; svc #0
  arm64: { machine: 183, bytes: [0x00, 0x00, 0x80, 0xd2, 0xa8, 0x0b, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4] },
};

const BASE = 0x40_0000n;
const HEADERS = 64 + 56;

/** A static ELF64 executable of one segment (gABI chapters 4 and 5); undefined for a machine that is not in the table. */
export function tinyProgram(arch: string = process.arch): Uint8Array | undefined {
  const code = CODE[arch];
  if (code === undefined) return undefined;
  const size = HEADERS + code.bytes.length;
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  const half = (at: number, value: number) => view.setUint16(at, value, true);
  const word = (at: number, value: number) => view.setUint32(at, value, true);
  const wide = (at: number, value: bigint) => view.setBigUint64(at, value, true);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  half(16, 2); // e_type: ET_EXEC
  half(18, code.machine);
  word(20, 1); // e_version
  wide(24, BASE + BigInt(HEADERS)); // e_entry
  wide(32, 64n); // e_phoff
  half(52, 64); // e_ehsize
  half(54, 56); // e_phentsize
  half(56, 1); // e_phnum
  word(64, 1); // p_type: PT_LOAD
  word(68, 5); // p_flags: read, execute
  wide(80, BASE); // p_vaddr
  wide(88, BASE); // p_paddr
  wide(96, BigInt(size)); // p_filesz
  wide(104, BigInt(size)); // p_memsz
  wide(112, 0x1000n); // p_align
  file.set(code.bytes, HEADERS);
  return file;
}
