/**
 * Whether the loader takes a file that it found: `open_verify` of glibc's dl-load.c. It passes over an object of another
 * class or machine, and gives up altogether at a file that is no proper ELF file.
 * @module
 */
import { EM } from '../formats/elf/constants.ts';
import { acceptsMachine, type Target } from './machine.ts';

export type Verdict =
  | { readonly kind: 'taken' }
  /** Passed over: the search goes on. `otherClass`: a 32-bit object for a 64-bit program, or the reverse. */
  | { readonly kind: 'passed'; readonly why: string; readonly otherClass: boolean }
  /** The loader ends with this message. */
  | { readonly kind: 'fatal'; readonly why: string };

const TAKEN: Verdict = { kind: 'taken' };
const SYSV = 0;
const GNU = 3;
/** LIBC_ABI_MAX (libc-abis): EI_ABIVERSION of EI_OSABI GNU must be below. */
const ABI_MAX = 4;
const ABI_MAX_MIPS = 6;
const ET_EXEC = 2;
const ET_DYN = 3;

/** What decides: the loader's own header, and a deviation of Debian's. */
export interface Verifier {
  readonly target: Target;
  /** Debian's and Ubuntu's glibc pass over any object of another machine; upstream's gives up at a foreign byte order or OS. */
  readonly machineFirst: boolean;
}

/** @param head the file's first 64 bytes, or all there are */
export function verifyHeader(head: Uint8Array, verifier: Verifier): Verdict {
  const { target } = verifier;
  const wide = target.bits === 64;
  if (head.length < (wide ? 64 : 52)) return fatal('file too short');
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const little = target.endian === 'little';
  const half = (at: number) => view.getUint16(at, little);
  const object = { machine: half(18), flags: view.getUint32(wide ? 48 : 36, little) };
  const ident = verifyIdent(head, verifier, object);
  if (ident.kind !== 'taken') return ident;
  if (view.getUint32(20, little) !== 1) return fatal('ELF file version does not match current one');
  if (!acceptsMachine(target, object)) return otherMachine(target, object);
  if (half(16) !== ET_DYN && half(16) !== ET_EXEC) return fatal('only ET_DYN and ET_EXEC can be loaded');
  if (half(wide ? 54 : 42) !== (wide ? 56 : 32)) return fatal("ELF file's phentsize not the expected size");
  return TAKEN;
}

type Claim = Pick<Target, 'machine' | 'flags'>;

function verifyIdent(head: Uint8Array, { target, machineFirst }: Verifier, object: Claim): Verdict {
  const why = identFlaw(head, target);
  if (why === undefined) return TAKEN;
  const kind = head[4];
  if (why === BAD_MAGIC) return fatal(why);
  if (kind !== (target.bits === 64 ? 2 : 1)) {
    return { kind: 'passed', why: `wrong ELF class: ELFCLASS${target.bits === 64 ? 32 : 64}`, otherClass: true };
  }
  return machineFirst && !acceptsMachine(target, object) ? otherMachine(target, object) : fatal(why);
}

const BAD_MAGIC = 'invalid ELF header';

/** What is wrong with e_ident, in the order in which it is checked. */
function identFlaw(head: Uint8Array, target: Target): string | undefined {
  const [byteOrder, version, osabi, abiVersion] = [head[5], head[6], head[7], head[8] ?? 0];
  if (head[0] !== 0x7f || head[1] !== 0x45 || head[2] !== 0x4c || head[3] !== 0x46) return BAD_MAGIC;
  if (head[4] !== (target.bits === 64 ? 2 : 1)) return 'wrong ELF class';
  if (byteOrder !== (target.endian === 'little' ? 1 : 2)) return `ELF file data encoding not ${target.endian}-endian`;
  if (version !== 1) return 'ELF file version ident does not match current one';
  if (osabi !== SYSV && osabi !== GNU) return 'ELF file OS ABI invalid';
  const limit = target.machine === EM.MIPS ? ABI_MAX_MIPS : ABI_MAX;
  if (abiVersion !== 0 && !(osabi === GNU && abiVersion < limit)) return 'ELF file ABI version invalid';
  return head.subarray(9, 16).some((byte) => byte !== 0) ? 'nonzero padding in e_ident' : undefined;
}

function otherMachine(target: Target, { machine }: Claim): Verdict {
  const why = machine === target.machine ? 'for another ABI of its machine' : `for machine ${machine}`;
  return { kind: 'passed', why, otherClass: false };
}

function fatal(why: string): Verdict {
  return { kind: 'fatal', why };
}
