import { describe, expect, test } from 'vitest';
import type { Kept } from '../../ports/kept.ts';
import { meant, type PruneSelection, sum, toRemove } from './select.ts';

const HOUR = 3_600_000;

function kept(id: string, more: Partial<Kept> = {}): Kept {
  const rest = { kind: 'layer', description: '', bytes: 10, used: HOUR, inUse: false, stale: false } as const;
  return { id, ...rest, remove: async () => true, ...more };
}

const ALL = [
  kept('new', { used: 5 * HOUR }),
  kept('old', { used: 1 * HOUR }),
  kept('stale', { used: 4 * HOUR, stale: true }),
  kept('busy', { used: 0, inUse: true, stale: true }),
  kept('mount', { kind: 'mount', used: 2 * HOUR }),
  kept('image', { kind: 'blob', bytes: 1000, inUse: true }),
];

describe('what goes', () => {
  test.each<[string, PruneSelection, string[]]>([
    ['without a word, what is of no use', {}, ['stale']],
    ['all that nobody uses', { all: true }, ['old', 'mount', 'stale', 'new']],
    ['what was used before', { until: 3 * HOUR }, ['old', 'mount']],
    ['of a kind', { kinds: ['mount'] }, ['mount']],
    ['of a kind, and all', { all: true, kinds: ['mount'] }, ['mount']],
    ['by the first digits', { ids: ['o', 'n'] }, ['old', 'new']],
    ['the longest unused, until the rest fits', { keep: 35 }, ['old', 'mount']],
    ['nothing, where all fits', { keep: 50 }, []],
    ['of what is meant alone', { keep: 0, kinds: ['mount'] }, ['mount']],
    ['nothing that is in use', { inUse: true, all: true }, []],
  ])('%s', (_, selection, ids) => {
    expect(toRemove(ALL, selection).map(({ id }) => id)).toEqual(ids);
  });
});

test('filters hold together, values of one each for itself', () => {
  const ids = (filter: Parameters<typeof meant>[1]) => meant(ALL, filter).map(({ id }) => id);
  expect(ids({})).toHaveLength(6);
  expect(ids({ kinds: ['mount', 'blob'] })).toEqual(['mount', 'image']);
  expect(ids({ kinds: ['layer'], inUse: true })).toEqual(['busy']);
  expect(sum(meant(ALL, { inUse: false }))).toBe(40);
});
