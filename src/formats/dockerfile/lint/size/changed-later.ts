/** ChangedInLaterLayer. @module */
import { isWithin } from '../../../../base/path.ts';
import type { SimpleCommand } from '../../../shell/simple.ts';
import { covers } from './paths.ts';
import { type CopyStep, pathOf, placeOf, type SizeContext } from './stages.ts';

const OPTION = { chmod: '--chmod', chown: '--chown' } as const;

/** A layer holds whole files: a new owner is a second copy. */
export function checkChangedLater({ file, steps, options, report }: SizeContext): void {
  if (options.squash === true) return;
  for (const run of steps) {
    if (run.kind !== 'run') continue;
    for (const command of run.commands) {
      const change = changeOf(command);
      if (change === undefined) continue;
      const paths = change.operands.flatMap((operand) => pathOf(operand, run.directory) ?? []);
      const step = steps
        .slice(0, run.index)
        .findLast((one) => one.kind === 'copy' && paths.some((path) => brings(one, path, change.isRecursive)));
      if (step === undefined) continue;
      const { keyword, range } = step.instruction;
      const option = `${keyword.text.toUpperCase()} ${OPTION[change.kind]}=${change.value}`;
      const message = `${change.kind} writes what line ${range.start.line} copied into the image once more: write ${option} there`;
      report('ChangedInLaterLayer', placeOf(file, run.instruction, command), message);
    }
  }
}

interface Change {
  readonly kind: keyof typeof OPTION;
  readonly value: string;
  readonly operands: readonly string[];
  readonly isRecursive: boolean;
}

function changeOf({ name, args }: SimpleCommand): Change | undefined {
  if (name !== 'chmod' && name !== 'chown' && name !== 'chgrp') return undefined;
  const words = args.filter((arg) => !/^-[RrvcfhHLP]+$|^--/.test(arg));
  const [value = '', ...operands] = words;
  const isRecursive = args.some((arg) => /^-\w*R|^--recursive$/.test(arg));
  if (name === 'chgrp') return { kind: 'chown', value: `:${value}`, operands, isRecursive };
  return { kind: name, value, operands, isRecursive };
}

/** Whether the change is one of what the step made, and not of what may have been there before. */
function brings({ made }: CopyStep, path: string, isRecursive: boolean): boolean {
  return made.some(
    (one) => one === path || (isRecursive && isWithin(one, path)) || (path.includes('*') && covers(path, one)),
  );
}
