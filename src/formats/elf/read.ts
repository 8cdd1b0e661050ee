/** Reading an ELF file's facts through ranges: headers, segments, interpreter, dynamic section, notes. @module */
import { PT } from './constants.ts';
import { readDynamic } from './dynamic.ts';
import { readHeader, readLayout, readSegments } from './header.ts';
import { readNotes } from './notes.ts';
import type { Elf, ElfSegment, ReadRange } from './types.ts';
import { type ElfView, openView } from './view.ts';

/** Read first: tells whether it is ELF, and holds the headers, the interpreter and the notes of most files. */
const HEAD = 4096;

/**
 * What the file says of itself, reading only the ranges that hold it.
 * @param size the file's size in bytes
 * @returns undefined where the file does not begin with ELF's magic number
 * @throws ImageError INVALID where it does, and breaks the format
 */
export async function readElf(read: ReadRange, size: number): Promise<Elf | undefined> {
  const head = await read(0, Math.min(HEAD, size));
  const layout = readLayout(head);
  if (layout === undefined) return undefined;
  const view = openView(read, size, layout, head);
  const header = await readHeader(view);
  const segments = await readSegments(view, header);
  return {
    ...layout,
    machine: header.machine,
    type: header.type,
    flags: header.flags,
    osabi: header.osabi,
    abiVersion: header.abiVersion,
    size,
    entry: header.entry,
    interp: await readInterpreter(view, segments),
    dynamic: await readDynamic(view, segments),
    segments,
    notes: await readNotes(view, header.type, segments),
    sectionTable: header.sectionTable,
  };
}

async function readInterpreter(view: ElfView, segments: readonly ElfSegment[]): Promise<string | undefined> {
  const segment = segments.find((one) => one.type === PT.INTERP && one.fileSize > 0);
  return segment === undefined ? undefined : view.text(segment.offset);
}
