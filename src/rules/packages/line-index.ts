/**
 * Which of many lists of lines holds a line: an open-addressed hash table over the lists' own bytes, which are neither
 * split nor decoded. A machine's few hundred thousand paths cost a few bytes each and some ten milliseconds in all.
 * @module
 */
const NEWLINE = 0x0a;

/** Fowler–Noll–Vo 1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

export interface LineIndex {
  /** Index of the first list that holds the line, or -1. */
  find(line: Uint8Array): number;
}

/** @param lists lines separated by `\n`; all of them together below 2 GiB */
export function indexLines(lists: readonly Uint8Array[]): LineIndex {
  const starts = listStarts(lists);
  const total = starts[lists.length] as number;
  const text = new Uint8Array(total);
  lists.forEach((list, i) => {
    text.set(list, starts[i]);
    text[(starts[i + 1] as number) - 1] = NEWLINE;
  });
  const table = fillTable(text);
  return {
    find: (line) => {
      const at = findLine(table, text, line);
      return at < 0 ? -1 : listAt(starts, at);
    },
  };
}

/** Where each list begins when a line end is put behind each, and where the last one ends. */
function listStarts(lists: readonly Uint8Array[]): Float64Array {
  const starts = new Float64Array(lists.length + 1);
  lists.forEach((list, i) => {
    starts[i + 1] = (starts[i] as number) + list.length + 1;
  });
  return starts;
}

interface Table {
  /** Where a line begins, plus one; 0 for an empty slot. */
  readonly slots: Uint32Array;
  readonly hashes: Int32Array;
}

function fillTable(text: Uint8Array): Table {
  const lines = countLines(text);
  let size = 16;
  while (size < lines * 2) size *= 2;
  const table = { slots: new Uint32Array(size), hashes: new Int32Array(size) };
  let start = 0;
  let hash = FNV_OFFSET;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at] as number;
    if (byte !== NEWLINE) {
      hash = Math.imul(hash ^ byte, FNV_PRIME);
      continue;
    }
    if (at > start) insert(table, text, start, at, hash);
    start = at + 1;
    hash = FNV_OFFSET;
  }
  return table;
}

/** A plain loop: lines are short, and a call of indexOf for each costs eight times as much. */
function countLines(text: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) if (text[at] === NEWLINE) count++;
  return count;
}

/** The first of equal lines stays. */
function insert({ slots, hashes }: Table, text: Uint8Array, start: number, end: number, hash: number): void {
  const mask = slots.length - 1;
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const taken = slots[slot] as number;
    if (taken === 0) {
      slots[slot] = start + 1;
      hashes[slot] = hash;
      return;
    }
    if (hashes[slot] === hash && sameLine(text, taken - 1, text, start, end - start)) return;
  }
}

function findLine({ slots, hashes }: Table, text: Uint8Array, line: Uint8Array): number {
  let hash = FNV_OFFSET;
  for (const byte of line) hash = Math.imul(hash ^ byte, FNV_PRIME);
  const mask = slots.length - 1;
  for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
    const start = (slots[slot] as number) - 1;
    if (hashes[slot] === hash && sameLine(text, start, line, 0, line.length)) return start;
  }
  return -1;
}

/** Whether the line of `a` from `at` is exactly the `length` bytes of `b` from `from`. */
function sameLine(a: Uint8Array, at: number, b: Uint8Array, from: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[at + i] !== b[from + i]) return false;
  return a[at + length] === NEWLINE;
}

/** The list that holds the byte at this offset, by binary search. */
function listAt(starts: Float64Array, offset: number): number {
  let low = 0;
  let high = starts.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((starts[middle] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
