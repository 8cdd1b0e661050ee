/** Checks of blank lines and comments. @module */
import type { Range } from '../types.ts';
import type { LintContext } from './report.ts';

/** One finding for an instruction, however many blank lines it has. */
export function checkContinuations({ file, report }: LintContext): void {
  const ranges: Range[] = [...file.globalArgs, ...file.stages.flatMap((stage) => [stage, ...stage.instructions])].map(
    ({ range }) => range,
  );
  // Both are in the order of the file.
  let at = 0;
  let told = -1;
  for (const position of file.emptyContinuations) {
    while ((ranges[at]?.end.line ?? position.line) < position.line) at++;
    if (told === at) continue;
    told = at;
    report('NoEmptyContinuation', { start: position, end: position }, 'a blank line stands inside an instruction');
  }
}

export function checkDescriptions({ file, report }: LintContext): void {
  for (const { name, range, comments } of file.stages) {
    if (name !== undefined) checkComment(comments, [name], range, report);
  }
  const args = [...file.globalArgs, ...file.stages.flatMap(({ instructions }) => instructions)];
  for (const instruction of args) {
    if (instruction.kind !== 'arg') continue;
    const names = instruction.args.map(({ name }) => name.text);
    checkComment(instruction.comments, names, instruction.range, report);
  }
}

function checkComment(
  comments: readonly string[],
  names: readonly string[],
  range: Range,
  report: LintContext['report'],
): void {
  const last = comments.at(-1);
  if (last === undefined || comments.some((comment) => names.includes(comment.split(/\s/, 1)[0] ?? ''))) return;
  const message = `the comment above should begin with '${names.join("' or '")}', or a blank line should follow it`;
  report('InvalidDefinitionDescription', range, message);
}
