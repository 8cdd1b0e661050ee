/** "Did you mean …?" @module */

/** Longer words, and words behind these, are not compared: a hint must cost nothing. */
const LONGEST = 100;
const MOST = 1000;

/** The one of the words that is nearest to what was written, as a hint; undefined where none is near. Letter case does not matter. */
export function didYouMean(written: string, words: Iterable<string>): string | undefined {
  if (written.length > LONGEST) return undefined;
  const most = Math.max(1, Math.floor(written.length / 3));
  let best: string | undefined;
  let least = most + 1;
  let tried = 0;
  for (const word of words) {
    if (++tried > MOST) break;
    if (Math.abs(word.length - written.length) >= least) continue;
    const distance = editDistance(written.toLowerCase(), word.toLowerCase());
    if (distance < least) [best, least] = [word, distance];
  }
  return best === undefined ? undefined : `did you mean ${best}?`;
}

/** Letters to be put in, taken out, exchanged, or swapped with their neighbour. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      next.push(cost);
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
