/**
 * The commands that are built into a busybox or toybox binary, read from its tables without running it, for any architecture.
 * @module
 */
import type { Elf } from '../../formats/elf/types.ts';

/** Command names as both projects form them. */
const NAME = /^[a-zA-Z0-9_.[+-]{1,32}$/;

/** Addresses above are none that this can count with. */
const HIGHEST = 2 ** 52;

const PT_LOAD = 1;
const PF_W = 2;
const DT_RELA = 7;
const DT_RELASZ = 8;

/**
 * busybox: `applet_names`, all names one behind the other, each ended by NUL, sorted by byte. The longest such run that has
 * "busybox" in it.
 */
export function busyboxApplets(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const mark = Buffer.from('\0busybox\0');
  let longest: string[] = [];
  for (let at = buffer.indexOf(mark); at >= 0; at = buffer.indexOf(mark, at + 1)) {
    const names = [...namesBefore(buffer, at), 'busybox', ...namesBehind(buffer, at + mark.length)];
    if (names.length > longest.length) longest = names;
  }
  return longest;
}

/** @param end where a NUL stands */
function namesBefore(buffer: Buffer, end: number): string[] {
  const names: string[] = [];
  for (let stop = end, next = 'busybox'; stop > 0; ) {
    const start = buffer.lastIndexOf(0, stop - 1) + 1;
    const name = buffer.toString('latin1', start, stop);
    if (!NAME.test(name) || name >= next) break;
    names.unshift(name);
    next = name;
    stop = start - 1;
  }
  return names;
}

function namesBehind(buffer: Buffer, start: number): string[] {
  const names: string[] = [];
  for (let at = start, before = 'busybox'; at < buffer.length; ) {
    const stop = buffer.indexOf(0, at);
    const name = stop < 0 ? '' : buffer.toString('latin1', at, Math.min(stop, at + 64));
    if (!NAME.test(name) || name <= before) break;
    names.push(name);
    before = name;
    at = stop + 1;
  }
  return names;
}

/**
 * toybox: `toy_list`, an array of { name, function, options, flags } that begins with "toybox" and goes on sorted by name.
 * Names are pointers, which stand in the data or, where the program is position-independent, in its relocations. Entries
 * whose flags name no directory are for toybox's own use.
 */
export function toyboxApplets(bytes: Uint8Array, elf: Elf): string[] {
  const image = new LoadedImage(bytes, elf);
  const stride = 4 * image.pointerSize;
  let longest: string[] = [];
  for (const start of image.pointerPlaces()) {
    if (image.nameAt(start) !== 'toybox') continue;
    const names: string[] = [];
    for (let at = start + stride, before = ''; ; at += stride) {
      const name = image.nameAt(at);
      if (name === undefined || name <= before) break;
      before = name;
      if ((image.word(at + 3 * image.pointerSize) & 0xf) !== 0) names.push(name);
    }
    if (names.length > longest.length) longest = names;
  }
  return longest;
}

/** An ELF file seen by addresses. */
class LoadedImage {
  readonly pointerSize: 4 | 8;
  #view: DataView;
  #little: boolean;
  #segments: Elf['segments'];
  /** What the loader would put at an address: R_*_RELATIVE with addends, which stand apart from the data. */
  #relocated = new Map<number, number>();

  constructor(bytes: Uint8Array, { segments, bits, endian, dynamic }: Elf) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#little = endian === 'little';
    this.#segments = segments
      .filter(({ type, offset, vaddr }) => type === PT_LOAD && offset < bytes.length && vaddr < HIGHEST)
      .map((one) => ({ ...one, fileSize: Math.min(one.fileSize, bytes.length - one.offset) }));
    this.pointerSize = bits === 64 ? 8 : 4;
    const value = (tag: number) => dynamic?.entries.find((entry) => entry.tag === tag)?.value;
    this.#readRelocations(value(DT_RELA), value(DT_RELASZ) ?? 0);
  }

  #readRelocations(address: number | undefined, size: number): void {
    const start = address === undefined ? undefined : this.#offset(address);
    const entry = 3 * this.pointerSize;
    if (start === undefined) return;
    for (let at = start; at + entry <= Math.min(start + size, this.#view.byteLength); at += entry) {
      this.#relocated.set(this.#pointer(at), this.#pointer(at + 2 * this.pointerSize));
    }
  }

  /** Addresses where a pointer to a name may stand: the array is data that could be written. */
  *pointerPlaces(): Generator<number> {
    yield* this.#relocated.keys();
    for (const { vaddr, fileSize } of this.#segments.filter(({ flags }) => (flags & PF_W) !== 0)) {
      for (let at = vaddr; at + this.pointerSize <= vaddr + fileSize; at += this.pointerSize) yield at;
    }
  }

  nameAt(address: number): string | undefined {
    const place = this.#offset(address);
    const target = this.#relocated.get(address) ?? (place === undefined ? 0 : this.#pointer(place));
    const start = this.#offset(target);
    if (start === undefined) return undefined;
    let name = '';
    for (let at = start; at < this.#view.byteLength && name.length <= 32; at++) {
      const byte = this.#view.getUint8(at);
      if (byte === 0) return name === '' ? undefined : name;
      if (byte <= 0x20 || byte >= 0x7f || byte === 0x2f) return undefined;
      name += String.fromCharCode(byte);
    }
    return undefined;
  }

  word(address: number): number {
    const at = this.#offset(address);
    return at === undefined || at + 4 > this.#view.byteLength ? 0 : this.#view.getUint32(at, this.#little);
  }

  #pointer(at: number): number {
    if (at + this.pointerSize > this.#view.byteLength) return 0;
    return this.pointerSize === 8
      ? Number(this.#view.getBigUint64(at, this.#little))
      : this.#view.getUint32(at, this.#little);
  }

  #offset(address: number): number | undefined {
    const segment = this.#segments.find(({ vaddr, fileSize }) => address >= vaddr && address < vaddr + fileSize);
    return segment === undefined ? undefined : address - segment.vaddr + segment.offset;
  }
}
