/** The dynamic section by way of PT_DYNAMIC and addresses, as the loader reads it: files without sections work. @module */
import { DT, PT } from './constants.ts';
import { fileOffset } from './header.ts';
import type { DynamicEntry, ElfDynamic, ElfSegment } from './types.ts';
import { readVersionsDefined, readVersionsNeeded } from './versions.ts';
import { broken, type ElfView, word } from './view.ts';

/** Largest dynamic section that is taken: 65,536 entries. */
const LIMIT = 1024 * 1024;

/** Undefined where there is none, or only its empty place (separate debug files). @throws ImageError INVALID */
export async function readDynamic(view: ElfView, segments: readonly ElfSegment[]): Promise<ElfDynamic | undefined> {
  // The last one counts, as in glibc's loader.
  const segment = segments.findLast((one) => one.type === PT.DYNAMIC && one.fileSize > 0);
  // Without anything loaded its addresses mean nothing.
  if (segment === undefined || !segments.some((one) => one.type === PT.LOAD)) return undefined;
  const entries = await readEntries(view, segment);
  const numbers = new Map(entries.map(({ tag, value }) => [tag, value]));
  const place = (tag: number) => {
    const address = numbers.get(tag);
    return address === undefined ? undefined : fileOffset(segments, address);
  };
  const strings = place(DT.STRTAB);
  const text = (offset: number) => {
    if (strings === undefined) throw broken('its dynamic section has no string table');
    return view.text(strings + offset);
  };
  const all = (tag: number) => Promise.all(entries.filter((one) => one.tag === tag).map((one) => text(one.value)));
  const last = async (tag: number) => (numbers.has(tag) ? text(numbers.get(tag) as number) : undefined);
  const defined = await readVersionsDefined(view, place(DT.VERDEF), text);
  return {
    soname: await last(DT.SONAME),
    needed: await all(DT.NEEDED),
    rpath: await last(DT.RPATH),
    runpath: await last(DT.RUNPATH),
    filter: await all(DT.FILTER),
    auxiliary: await all(DT.AUXILIARY),
    audit: await all(DT.AUDIT),
    depaudit: await all(DT.DEPAUDIT),
    flags: numbers.get(DT.FLAGS) ?? 0,
    flags1: numbers.get(DT.FLAGS_1) ?? 0,
    versionsNeeded: await readVersionsNeeded(view, place(DT.VERNEED), text),
    versionsDefined: defined.names,
    versionBase: defined.base,
    entries,
  };
}

async function readEntries(view: ElfView, segment: ElfSegment): Promise<DynamicEntry[]> {
  const wordSize = view.bits / 8;
  const size = Math.min(segment.fileSize, LIMIT, Math.max(0, view.size - segment.offset));
  const table = await view.read(segment.offset, size - (size % (2 * wordSize)));
  const entries: DynamicEntry[] = [];
  for (let at = 0; at < table.byteLength; at += 2 * wordSize) {
    const tag = word(table, at, view);
    if (tag === DT.NULL) break;
    entries.push({ tag, value: word(table, at + wordSize, view) });
  }
  return entries;
}
