/** Numbers of things, in messages. @module */

/** `1 file`, `2 files`, `0 entries`. @param others where it is more than the letter s that makes the plural */
export function countOf(count: number, one: string, others = `${one}s`): string {
  return `${count} ${count === 1 ? one : others}`;
}
