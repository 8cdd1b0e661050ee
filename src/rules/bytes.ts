/** Looking into a file's bytes in bounded memory: which needles occur and where, and what text it holds. @module */
import { readSections } from '../formats/elf/sections.ts';
import type { Elf } from '../formats/elf/types.ts';
import type { FileNode } from '../model/node.ts';
import type { Files } from '../ports/files.ts';

const PIECE = 4 * 1024 * 1024;

/** A name longer than this is no name that anyone looks for. */
const LONGEST = 4096;
const SHORTEST = 4;

/** More text than this is not looked through. */
const STRINGS_LIMIT = 64 * 1024 * 1024;

const SHF_WRITE = 1;
const SHF_ALLOC = 2;
const SHF_EXECINSTR = 4;
const SHT_PROGBITS = 1;
const PT_LOAD = 1;
const PF_X = 1;
const PF_W = 2;

/** Which of the needles, as UTF-8 bytes, occur anywhere in the file. */
export async function findNeedles(files: Files, file: FileNode, needles: readonly string[]): Promise<Set<string>> {
  const left = new Map(needles.map((needle) => [needle, Buffer.from(needle, 'utf8')]));
  const overlap = Math.max(0, ...[...left.values()].map((bytes) => bytes.length - 1));
  const found = new Set<string>();
  for (let offset = 0; offset < file.content.size && left.size > 0; offset += PIECE) {
    const piece = asBuffer(await files.read(file, { offset, size: PIECE + overlap }));
    for (const [needle, bytes] of left) {
      if (!piece.includes(bytes)) continue;
      found.add(needle);
      left.delete(needle);
    }
  }
  return found;
}

/** Bytes of text that an occurrence gives. */
const OCCURRENCE = 256;

/** More occurrences than this say nothing more. */
const MOST_OCCURRENCES = 1000;

/**
 * For each place where one of the beginnings stands, the 256 bytes from there on, one character a byte; piece by piece of the
 * file, in the order of the beginnings.
 */
export async function findOccurrences(
  files: Files,
  file: FileNode,
  beginnings: readonly string[],
): Promise<readonly string[]> {
  const found: string[] = [];
  for (let offset = 0; offset < file.content.size; offset += PIECE) {
    const piece = asBuffer(await files.read(file, { offset, size: PIECE + OCCURRENCE }));
    for (const beginning of beginnings) {
      for (let at = piece.indexOf(beginning); at >= 0 && at < PIECE; at = piece.indexOf(beginning, at + 1)) {
        if (found.length >= MOST_OCCURRENCES) return found;
        found.push(piece.toString('latin1', at, at + OCCURRENCE));
      }
    }
  }
  return found;
}

/**
 * Runs of at least four printable ASCII characters that end in a NUL (C strings), from the read-only data of an ELF file;
 * without section headers, from its segments that are neither written nor executed. Each once, in the file's order.
 */
export async function readOnlyStrings(files: Files, file: FileNode, elf: Elf): Promise<string[]> {
  const found = new Set<string>();
  let budget = STRINGS_LIMIT;
  for (const { offset, size } of await readOnlyRanges(files, file, elf)) {
    const bytes = await files.read(file, { offset, size: Math.min(size, budget) });
    collectStrings(bytes, found);
    budget -= bytes.length;
    if (budget <= 0) break;
  }
  return [...found];
}

async function readOnlyRanges(files: Files, file: FileNode, elf: Elf): Promise<{ offset: number; size: number }[]> {
  const sections = await readSections(elf, (offset, size) => files.read(file, { offset, size }));
  const data = sections.filter(
    ({ type, flags }) => type === SHT_PROGBITS && (flags & (SHF_ALLOC | SHF_WRITE | SHF_EXECINSTR)) === SHF_ALLOC,
  );
  if (data.length > 0) return data.map(({ offset, size }) => ({ offset, size }));
  return elf.segments
    .filter(({ type, flags }) => type === PT_LOAD && (flags & (PF_X | PF_W)) === 0)
    .map(({ offset, fileSize }) => ({ offset, size: fileSize }));
}

function collectStrings(bytes: Uint8Array, found: Set<string>): void {
  const buffer = asBuffer(bytes);
  let start = 0;
  for (let at = 0; at < buffer.length; at++) {
    const byte = buffer[at] as number;
    if (byte >= 0x20 && byte < 0x7f) continue;
    if (byte === 0x09 || byte === 0x0a) continue;
    const length = at - start;
    if (byte === 0 && length >= SHORTEST && length <= LONGEST) found.add(buffer.toString('latin1', start, at));
    start = at + 1;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
