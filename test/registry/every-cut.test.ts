/** Every request of a copy loses its answer once, at every class of byte: nothing comes of it but another try. @module */
import { expect, test } from 'vitest';
import { type CopyOptions, movedTooMuch, type Trial, tryCopy, type Way } from './copies.ts';
import { oneFault } from './faults.ts';
import { randomGraph } from './graph.ts';
import { chance } from './schedule.ts';
import { CUT_PLACES, type Wire } from './wire.ts';

const graph = randomGraph(chance(5), { sizes: [150_000] });
const users = { me: 'secret' };
const habits = { withoutRanges: false, forgetsPartial: false, auth: { kind: 'token', users } } as const;

function copyWith(way: Way, nth: number, wire: Wire) {
  const trial: Trial = { way, seed: 1, kinds: [], most: 0, graph, old: undefined, withReferrers: true };
  const options: CopyOptions = { habits, faults: () => oneFault(nth, wire) };
  return tryCopy(trial, options).then((outcome) => ({ trial, outcome }));
}

test.each(['registry → layout', 'layout → registry'] as const)('%s', async (way) => {
  const { outcome: whole } = await copyWith(way, Number.POSITIVE_INFINITY, {});
  expect(whole.error).toBeUndefined();
  expect(whole.requests).toBeGreaterThan(8);
  for (let nth = 0; nth < whole.requests; nth++) {
    for (const [i, place] of CUT_PLACES.entries()) {
      const how = (nth + i) % 2 === 0 ? 'reset' : 'end';
      const wire = { cut: { place, at: 0.6, how }, ...(i % 3 === 0 ? { chunk: 10_000 } : {}) } as const;
      const { trial, outcome } = await copyWith(way, nth, wire);
      const about = `${place} ${how} of request ${nth}: ${outcome.faults.map(({ request }) => request)}`;
      expect(outcome.error, about).toBeUndefined();
      expect([...outcome.problems, ...movedTooMuch(trial, outcome)], about).toEqual([]);
      expect(outcome.faults.length, about).toBe(1);
    }
  }
});
