/** Blobs of several chunks through lost connections, and layers whose digest is known only at their end. @module */
import { expect, test } from 'vitest';
import { digestOf } from '../../src/base/digest.ts';
import { ImageError } from '../../src/base/errors.ts';
import { parseReference, type RemoteReference } from '../../src/formats/reference/parse.ts';
import { openRegistrySink } from '../../src/transports/registry/sink/sink.ts';
import { inPieces } from '../bytes.ts';
import { testAccess } from './access.ts';
import { movedTooMuch, tryCopy } from './copies.ts';
import { type FaultKind, LIES, RESETS, TROUBLES } from './fault-kinds.ts';
import { type Faults, faults } from './faults.ts';
import { randomGraph } from './graph.ts';
import { chance } from './schedule.ts';
import { type Registry, startRegistry } from './server.ts';

const graph = randomGraph(chance(13), { sizes: [20 << 20] });
const habits = { withoutRanges: false, forgetsPartial: false };

test.each(['registry → layout', 'layout → registry', 'registry → registry'] as const)(
  '%s: what has arrived is not sent again',
  async (way) => {
    let count = 0;
    for (let seed = 0; seed < 6; seed++) {
      const trial = { way, seed, kinds: RESETS, most: 5, graph, old: undefined, withReferrers: true };
      const outcome = await tryCopy(trial, { habits });
      expect(outcome.error, `seed ${seed}`).toBeUndefined();
      expect([...outcome.problems, ...movedTooMuch(trial, outcome)], `seed ${seed}`).toEqual([]);
      count += outcome.faults.length;
    }
    expect(count).toBeGreaterThan(8);
  },
);

test('a layer made on the way arrives, or nothing does', async () => {
  const bytes = randomGraph(chance(13), { sizes: [9 << 20] }).blobs;
  const layer = [...bytes.values()].find((one) => one.bytes.length > 1 << 20)?.bytes ?? Buffer.alloc(0);
  const tally = { right: 0, refused: 0 };
  for (const [i, kinds] of [RESETS, TROUBLES, [...TROUBLES, ...LIES]].entries()) {
    for (let seed = 0; seed < 8; seed++) {
      const { done, digest, error, registry } = await written(layer, kinds, seed * 3 + i);
      const about = `seed ${seed} of ${i}: ${done.map(({ kind }) => kind)}`;
      if (error === undefined) {
        expect(digest, about).toBe(digestOf(layer));
        expect(registry.storage.repository('a').blobs.get(digestOf(layer))?.equals(layer), about).toBe(true);
        tally.right++;
      } else {
        expect(error, about).toBeInstanceOf(ImageError);
        expect(kinds, about).not.toBe(RESETS);
        tally.refused++;
      }
    }
  }
  expect(tally.right).toBeGreaterThan(10);
});

async function written(layer: Buffer, kinds: readonly FaultKind[], seed: number) {
  let state: Faults | undefined;
  await using registry: Registry = await startRegistry({
    around: (handle) => {
      state = faults({ seed, kinds, rate: 0.5, most: 4 }, () => registry);
      return state.around(handle);
    },
  });
  const reference = parseReference(`docker://${registry.host}/a:v1`) as RemoteReference;
  await using sink = await openRegistrySink(reference, testAccess());
  const made = await sink.write('application/x-layer', inPieces(layer, 100_000)).then(
    ({ digest }) => ({ digest, error: undefined }),
    (error: unknown) => ({ digest: undefined, error }),
  );
  return { ...made, registry, done: state?.done ?? [] };
}
