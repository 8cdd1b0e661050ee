/** CopiedTwice. @module */
import type { CopyStep, SizeContext } from './stages.ts';

/** The same source, as it is written, of the same place. Whole directories are copied again to bring what is new in them. */
export function checkCopiedTwice({ steps, report }: SizeContext): void {
  const seen = new Map<string, CopyStep>();
  for (const step of steps) {
    if (step.kind !== 'copy') continue;
    const { instruction } = step;
    const from = instruction.kind === 'copy' ? (instruction.from?.text.toLowerCase() ?? '') : '';
    for (const source of instruction.sources) {
      if (source.kind !== 'path') continue;
      const { text, range } = source.word;
      const path = text.replace(/^(?:\.?\/)+/, '').replace(/\/\.?$/, '');
      if (path === '' || path === '.' || /[$*?[]/.test(path) || instruction.exclude.length > 0) continue;
      const key = `${from}\n${path}`;
      const before = seen.get(key);
      if (before === undefined) {
        seen.set(key, step);
        continue;
      }
      const { line } = before.instruction.range.start;
      const isSamePlace = before.made.some((made) => step.made.includes(made));
      const advice = isSamePlace ? 'one of the two is enough' : 'make a link to it';
      const message = `line ${line} copied '${text}' already, and its bytes are in the image twice: ${advice}`;
      report('CopiedTwice', range, message);
    }
  }
}
