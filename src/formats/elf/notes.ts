/** Notes (gABI, "Note Section"): owner, type, description. @module */
import { decodeName } from '../../base/names.ts';
import { ET, PT } from './constants.ts';
import type { ElfNote, ElfSegment } from './types.ts';
import { bytesOf, type ElfView } from './view.ts';

/** Notes of programs are a few hundred bytes; more than this is not looked at. */
const LIMIT = 1024 * 1024;

/** Notes of all PT_NOTE segments. A broken note ends its segment, as in the loaders: notes are advice, not structure. */
export async function readNotes(view: ElfView, type: number, segments: readonly ElfSegment[]): Promise<ElfNote[]> {
  if (type === ET.CORE) return [];
  const out: ElfNote[] = [];
  let budget = LIMIT;
  for (const segment of segments) {
    if (segment.type !== PT.NOTE || segment.fileSize > budget || segment.offset + segment.fileSize > view.size)
      continue;
    budget -= segment.fileSize;
    const table = await view.read(segment.offset, segment.fileSize);
    out.push(...parseNotes(table, view.little, segment.align === 8 ? 8 : 4));
  }
  return out;
}

function* parseNotes(table: DataView, little: boolean, align: 4 | 8): Generator<ElfNote> {
  const round = (size: number) => Math.ceil(size / align) * align;
  const bytes = bytesOf(table);
  for (let at = 0; at + 12 <= table.byteLength; ) {
    const nameSize = table.getUint32(at, little);
    const descSize = table.getUint32(at + 4, little);
    // The owner is padded to 4 bytes in both forms; the description begins at the next multiple of the alignment.
    const desc = at + round(12 + nameSize);
    if (desc + descSize > table.byteLength) return;
    const owner = decodeName(bytes.subarray(at + 12, at + 12 + Math.max(0, nameSize - 1)));
    yield { owner, type: table.getUint32(at + 8, little), desc: bytes.slice(desc, desc + descSize) };
    at = desc + round(descSize);
  }
}
