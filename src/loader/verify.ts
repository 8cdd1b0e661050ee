/**
 * Whether the loader takes a file that it found: `open_verify` of glibc's dl-load.c. It passes over an object of another
 * class or machine, and gives up altogether at a file that is no proper ELF file.
 * @module
 */
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
/** LIBC_ABI_MAX: EI_ABIVERSION that the newest glibc takes of EI_OSABI GNU (1 UNIQUE, 2 IRELATIVE, … 6 on MIPS). */
const ABI_MAX = 8;
const ET_EXEC = 2;
const ET_DYN = 3;

/** @param head the file's first 64 bytes, or all there are */
export function verifyHeader(head: Uint8Array, target: Target): Verdict {
  const wide = target.bits === 64;
  if (head.length < (wide ? 64 : 52)) return fatal('file too short');
  const ident = verifyIdent(head, target);
  if (ident.kind !== 'taken') return ident;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const little = target.endian === 'little';
  const half = (at: number) => view.getUint16(at, little);
  if (view.getUint32(20, little) !== 1) return fatal('ELF file version does not match current one');
  const object = { machine: half(18), flags: view.getUint32(wide ? 48 : 36, little) };
  if (!acceptsMachine(target, object)) {
    const why = object.machine === target.machine ? 'for another ABI of its machine' : `for machine ${object.machine}`;
    return { kind: 'passed', why, otherClass: false };
  }
  if (half(16) !== ET_DYN && half(16) !== ET_EXEC) return fatal('only ET_DYN and ET_EXEC can be loaded');
  if (half(wide ? 54 : 42) !== (wide ? 56 : 32)) return fatal("ELF file's phentsize not the expected size");
  return TAKEN;
}

function verifyIdent(head: Uint8Array, target: Target): Verdict {
  const [, , , , kind, data, version, osabi, abiVersion] = head as unknown as number[];
  if (head[0] !== 0x7f || head[1] !== 0x45 || head[2] !== 0x4c || head[3] !== 0x46) return fatal('invalid ELF header');
  if (kind !== (target.bits === 64 ? 2 : 1)) {
    return { kind: 'passed', why: `wrong ELF class: ELFCLASS${kind === 1 ? 32 : 64}`, otherClass: true };
  }
  if (data !== (target.endian === 'little' ? 1 : 2)) {
    return fatal(`ELF file data encoding not ${target.endian}-endian`);
  }
  if (version !== 1) return fatal('ELF file version ident does not match current one');
  if (osabi !== SYSV && osabi !== GNU) return fatal('ELF file OS ABI invalid');
  if (abiVersion !== 0 && !(osabi === GNU && (abiVersion ?? 0) < ABI_MAX)) {
    return fatal('ELF file ABI version invalid');
  }
  if (head.subarray(9, 16).some((byte) => byte !== 0)) return fatal('nonzero padding in e_ident');
  return TAKEN;
}

function fatal(why: string): Verdict {
  return { kind: 'fatal', why };
}
