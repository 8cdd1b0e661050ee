/** Text in the cells of a terminal. @module */

/** East Asian wide characters and pictures take two cells (UAX #11, emoji presentation), marks that combine take none. */
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}|[\u{20000}-\u{3FFFD}]/u;
const NONE = /[\p{Mn}\p{Me}\p{Cf}]/u;

export function cellsOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let cells = 0;
  for (const character of text) cells += cellsOfOne(character);
  return cells;
}

function cellsOfOne(character: string): 0 | 1 | 2 {
  if (NONE.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** As much of the text as fits, with an ellipsis where something is missing. */
export function clipped(text: string, cells: number): string {
  if (cells <= 0) return '';
  if (cellsOf(text) <= cells) return text;
  let out = '';
  let used = 0;
  for (const character of text) {
    used += cellsOfOne(character);
    if (used > cells - 1) break;
    out += character;
  }
  return `${out}…`;
}
