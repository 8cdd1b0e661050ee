/** RemovedInLaterLayer. @module */
import type { SimpleCommand } from '../../../shell/simple.ts';
import { packagesOf } from './managers.ts';
import { once } from './once.ts';
import { cleaning } from './package-cache.ts';
import { covers, leftBy, madeBy, removedBy } from './paths.ts';
import { placeOf, type RunStep, type SizeContext, type SizeStep } from './stages.ts';

const ADVICE = {
  copy: 'use RUN --mount=type=bind, which leaves nothing, or take only what is wanted from a stage of its own',
  run: 'remove it in the same RUN',
};

export function checkRemovedLater({ file, steps, options, report }: SizeContext): void {
  if (options.squash === true) return;
  for (const run of steps) {
    if (run.kind !== 'run') continue;
    const earlier = steps.slice(0, run.index);
    const say: Say = (command, what, step) => {
      const { keyword, range } = step.instruction;
      const from = `${keyword.text.toUpperCase()} in line ${range.start.line}`;
      const message = `${what} here, and stays in the layer of ${from}: ${ADVICE[step.kind]}`;
      report('RemovedInLaterLayer', placeOf(file, run.instruction, command), message);
    };
    checkPaths(run, earlier, say);
    for (const step of earlier) {
      if (step.kind !== 'run') continue;
      checkPackages(run, step, say);
      for (const { manager } of leftBy(step)) {
        const command = cleaning(run, manager);
        if (command !== undefined) say(command, `what ${manager.programs[0]} left is removed`, step);
      }
    }
  }
}

type Say = (command: SimpleCommand, what: string, step: SizeStep) => void;

function checkPaths(run: RunStep, earlier: readonly SizeStep[], say: Say): void {
  const own = madeBy(run);
  for (const { command, path } of removedBy(run)) {
    // What the step makes itself is its own to remove.
    if (own.some((one) => covers(path, one))) continue;
    const step = earlier.findLast((one) => madeBy(one).some((made) => covers(path, made)));
    if (step !== undefined) say(command, `${path} is removed`, step);
  }
}

const installedBy = once(({ commands }: RunStep): ReadonlySet<string> => {
  return new Set(commands.flatMap((command) => packagesOf(command, 'installed')));
});

const uninstalledBy = once(({ commands }: RunStep) =>
  commands.flatMap((command) => {
    const names = packagesOf(command, 'removed');
    return names.length === 0 ? [] : { command, names };
  }),
);

function checkPackages(run: RunStep, step: RunStep, say: Say): void {
  const installed = installedBy(step);
  for (const { command, names: removed } of uninstalledBy(run)) {
    const gone = removed.filter((name) => installed.has(name));
    if (gone.length === 0) continue;
    const names = gone.length > 3 ? `${gone.slice(0, 3).join(', ')} and ${gone.length - 3} more` : gone.join(', ');
    say(command, `${gone.length === 1 ? 'the package' : 'the packages'} ${names}: removed`, step);
  }
}
