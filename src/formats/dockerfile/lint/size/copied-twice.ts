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
      const message = `line ${before.instruction.range.start.line} copied '${text}' already, and it is in the image twice: make a link to it`;
      report('CopiedTwice', range, message);
    }
  }
}
