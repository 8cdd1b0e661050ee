/** Files that are lists: of lines, of groups of lines; and what is made anew afterwards. @module */
import type { Joiner } from './types.ts';

/** Every group of `count` lines once, in the order of first mention. */
function joinLines(count: number): Joiner {
  return (texts) => {
    const seen = new Set<string>();
    for (const { text } of texts) {
      const lines = text.replace(/\n$/, '').split('\n');
      if (text === '') continue;
      for (let i = 0; i < lines.length; i += count) seen.add(lines.slice(i, i + count).join('\n'));
    }
    return { text: [...seen].map((line) => `${line}\n`).join(''), conflicts: [] };
  };
}

export const joinList = joinLines(1);

/** dpkg's diversions: from, to, by whom. */
export const joinTriples = joinLines(3);

/** The preferred image's, else the first's. */
export const takeOne: Joiner = (texts, choose) => {
  const preferred = choose(texts.map(({ image }) => image));
  const found = texts.find(({ image }) => image === preferred) ?? texts[0];
  return { text: found?.text ?? '', conflicts: [] };
};
