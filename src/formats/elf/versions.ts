/** Symbol versions: .gnu.version_r and .gnu.version_d (LSB Core, "Symbol Versioning"). Same layout in both classes. @module */
import type { VersionNeeded } from './types.ts';
import type { ElfView } from './view.ts';

const VER_FLG_BASE = 1;
const VER_FLG_WEAK = 2;

/** Bounds against lists that run in circles or across a whole file. */
const MAX_ENTRIES = 65536;

type Text = (offset: number) => Promise<string>;

export async function readVersionsNeeded(view: ElfView, start: number | undefined, text: Text) {
  const out: VersionNeeded[] = [];
  let budget = MAX_ENTRIES;
  for (let at = start; at !== undefined && budget-- > 0; ) {
    const entry = await view.read(at, 16);
    const versions: { name: string; weak: boolean }[] = [];
    let aux = at + entry.getUint32(8, view.little);
    for (let left = entry.getUint16(2, view.little); left > 0 && budget-- > 0; left--) {
      const one = await view.read(aux, 16);
      const weak = (one.getUint16(4, view.little) & VER_FLG_WEAK) !== 0;
      versions.push({ name: await text(one.getUint32(8, view.little)), weak });
      const next = one.getUint32(12, view.little);
      if (next === 0) break;
      aux += next;
    }
    out.push({ file: await text(entry.getUint32(4, view.little)), versions });
    const next = entry.getUint32(12, view.little);
    at = next === 0 ? undefined : at + next;
  }
  return out;
}

export async function readVersionsDefined(view: ElfView, start: number | undefined, text: Text) {
  const names: string[] = [];
  let base: string | undefined;
  let budget = MAX_ENTRIES;
  for (let at = start; at !== undefined && budget-- > 0; ) {
    const entry = await view.read(at, 20);
    const aux = await view.read(at + entry.getUint32(12, view.little), 8);
    const name = await text(aux.getUint32(0, view.little));
    if ((entry.getUint16(2, view.little) & VER_FLG_BASE) !== 0) base = name;
    else names.push(name);
    const next = entry.getUint32(16, view.little);
    at = next === 0 ? undefined : at + next;
  }
  return { names, base };
}
