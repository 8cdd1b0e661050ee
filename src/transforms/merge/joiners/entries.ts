/** What joiners of entries with names have in common. @module */
import { sidesOf } from '../types.ts';
import type { ImageText, ItemConflict, Joiner } from './types.ts';

/** An entry of one image's file. */
export interface Held<T> {
  readonly image: number;
  readonly entry: T;
}

/** Entries of all images by key, in order of first mention; of one key given twice in one image the first counts. */
export function byKey<T>(
  texts: readonly ImageText[],
  entriesOf: (text: string) => Iterable<readonly [key: string, entry: T]>,
): Map<string, Held<T>[]> {
  const found = new Map<string, Held<T>[]>();
  for (const { image, text } of texts) {
    for (const [key, entry] of entriesOf(text)) {
      const held = found.get(key);
      if (held === undefined) found.set(key, [{ image, entry }]);
      else if (held.at(-1)?.image !== image) held.push({ image, entry });
    }
  }
  return found;
}

/**
 * The entry that counts: of the preferred image, else the first. Where the entries' `has` differ and no image is preferred, it is a
 * conflict.
 */
export function settled<T>(
  held: readonly Held<T>[],
  choose: Parameters<Joiner>[1],
  about: { readonly item: string; readonly what: ItemConflict['what']; readonly has: (entry: T) => string },
): { readonly entry: T; readonly conflict: ItemConflict | undefined } {
  const [first] = held as [Held<T>];
  const preferred = choose(held.map(({ image }) => image));
  const found = held.find(({ image }) => image === preferred);
  if (found !== undefined) return { entry: found.entry, conflict: undefined };
  const { item, what, has } = about;
  const sides = sidesOf(held.map(({ image, entry }) => ({ image, has: has(entry) })));
  return { entry: first.entry, conflict: sides.length < 2 ? undefined : { item, what, sides } };
}
