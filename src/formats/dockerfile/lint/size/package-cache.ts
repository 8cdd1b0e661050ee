/** PackageCacheLeft. @module */

import type { SimpleCommand } from '../../../shell/simple.ts';
import { managed, verbOf } from './managers.ts';
import { empties, type Left, leftBy, managedIn, removedBy } from './paths.ts';
import { placeOf, type RunStep, type SizeContext } from './stages.ts';

/** What a later layer removes is {@link RemovedInLaterLayer}'s to say. */
export function checkPackageCache({ file, steps, options, report }: SizeContext): void {
  const runs = steps.filter((step) => step.kind === 'run');
  for (const run of runs) {
    for (const { manager, command } of leftBy(run)) {
      const later = runs.filter(({ index }) => index > run.index);
      if (later.some((one) => cleaning(one, manager) !== undefined)) continue;
      const { name, args } = managed(command);
      const said = [name, verbOf(args)].filter((word) => word !== undefined).join(' ');
      const [place] = manager.places;
      const where = options.squash === true ? 'image' : 'layer';
      const message = `${said} leaves ${manager.what} in the ${where} (${place}): ${manager.advice}, or give it --mount=type=cache,target=${cacheMount(place)}`;
      report('PackageCacheLeft', placeOf(file, run.instruction, command), message);
    }
  }
}

/** apt's lists go with the whole of its state. */
function cacheMount(place: string | undefined): string {
  return place === '/var/lib/apt/lists' ? '/var/lib/apt' : (place ?? '');
}

/**
 * The command of a later step that takes away what a manager left. A step that uses the manager again cleans up behind itself, and
 * that is meant.
 */
export function cleaning(
  run: RunStep,
  { programs, places, cleans, leaves }: Left['manager'],
): SimpleCommand | undefined {
  const own = managedIn(run);
  if (own.some(({ name, args }) => programs.includes(name) && leaves(args))) return undefined;
  const removal = removedBy(run).find(({ path }) => places.some((place) => empties(path, place)));
  return (
    removal?.command ?? run.commands.find((_, i) => programs.includes(own[i]?.name ?? '') && cleans(own[i]?.args ?? []))
  );
}
