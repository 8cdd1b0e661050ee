/** Metadata as ls(1) shows it. @module */
import type { Node } from '../../model/node.ts';

const KIND: Readonly<Record<Node['kind'], string>> = {
  file: '-',
  dir: 'd',
  symlink: 'l',
  char: 'c',
  block: 'b',
  fifo: 'p',
};

const SPECIAL = [
  { bit: 0o4000, at: 2, letters: 'sS' },
  { bit: 0o2000, at: 5, letters: 'sS' },
  { bit: 0o1000, at: 8, letters: 'tT' },
] as const;

/** `-rwsr-xr-x`. */
export function modeText({ kind, meta: { mode } }: Node): string {
  const letters = [...'rwxrwxrwx'].map((letter, i) => ((mode & (0o400 >> i)) === 0 ? '-' : letter));
  for (const { bit, at, letters: both } of SPECIAL) {
    if ((mode & bit) !== 0) letters[at] = both.charAt(letters[at] === 'x' ? 0 : 1);
  }
  return KIND[kind] + letters.join('');
}

/** `2024-05-01 12:00:00`, UTC. */
export function timeText({ mtime }: Node): string {
  const date = new Date(mtime * 1000);
  return Number.isNaN(date.getTime()) ? String(mtime) : date.toISOString().slice(0, 19).replace('T', ' ');
}
