/**
 * Random schedules of faults, and what has to hold of every one: the image arrives whole, or there is an error that says why and
 * nothing half-written; honest troubles are overcome; and what has arrived is not sent again.
 * @module
 */
import { expect } from 'vitest';
import { graphs, movedTooMuch, type Outcome, type Trial, tryCopy, type Way } from './copies.ts';
import { LIES, RESETS, TROUBLES } from './fault-kinds.ts';
import { chance } from './schedule.ts';

interface Character {
  readonly kinds: Trial['kinds'];
  /** So few that a client's patience is longer. */
  readonly most: number;
  readonly mustSucceed: boolean;
}

const CHARACTERS: readonly Character[] = [
  { kinds: RESETS, most: 4, mustSucceed: true },
  { kinds: TROUBLES, most: 4, mustSucceed: true },
  { kinds: [...TROUBLES, ...LIES], most: 2, mustSucceed: false },
  { kinds: LIES, most: 1, mustSucceed: false },
  { kinds: [...TROUBLES, ...LIES], most: 1000, mustSucceed: false },
];

const { all, old } = graphs(24);

export async function runTrials(ways: readonly Way[], count: number): Promise<void> {
  const failures: string[] = [];
  const tally = { right: 0, refused: 0, faults: 0 };
  for (let i = 0; i < count; i++) {
    const { trial, character } = trialOf(ways[i % ways.length] as Way, i);
    const outcome = await tryCopy(trial);
    tally[outcome.error === undefined ? 'right' : 'refused']++;
    tally.faults += outcome.faults.length;
    const wrong = [...outcome.problems, ...unexpected(trial, character, outcome)];
    if (wrong.length > 0) failures.push(described(trial, outcome, wrong));
  }
  expect(failures.slice(0, 5).join('\n'), `${failures.length} of ${count}`).toBe('');
  // Schedules that never did anything, or never let anything through, would prove nothing.
  expect(tally.right).toBeGreaterThan(count / 3);
  expect(tally.refused).toBeGreaterThan(count / 20);
  expect(tally.faults).toBeGreaterThan(count);
}

export function trialOf(way: Way, seed: number): { trial: Trial; character: Character } {
  const luck = chance(seed ^ 0x5eed);
  const character = luck.pick(CHARACTERS);
  const { kinds, most, mustSucceed } = character;
  const before = luck.next() < 0.5 ? old : undefined;
  return {
    trial: { way, seed, kinds, most, graph: luck.pick(all), old: before, withReferrers: mustSucceed },
    character,
  };
}

function unexpected(trial: Trial, { kinds, mustSucceed }: Character, outcome: Outcome): string[] {
  if (mustSucceed && outcome.error !== undefined)
    return [`honest troubles, and given up: ${(outcome.error as Error).message}`];
  return kinds === RESETS ? movedTooMuch(trial, outcome) : [];
}

function described({ way, seed }: Trial, { faults, error }: Outcome, wrong: readonly string[]): string {
  const done = faults.map(({ kind, request }) => `  ${kind}: ${request}`).join('\n');
  return `${way}, seed ${seed}: ${error instanceof Error ? error.message : 'done'}\n${wrong.join('\n')}\n${done}`;
}
