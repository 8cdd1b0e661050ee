/** What is kept in the cache, for people and programs. @module */
import { printableName } from '../../base/names.ts';
import { sum } from '../../operations/cache/select.ts';
import { KEPT_KINDS, type Kept, type KeptKind } from '../../ports/kept.ts';
import { table } from './table.ts';
import { bytesText } from './units.ts';

const TITLES: Readonly<Record<KeptKind, string>> = {
  step: 'step results',
  download: 'downloads',
  layer: 'uncompressed layers',
  blob: 'compressed layers',
  snapshot: 'snapshots',
  mount: 'cache mounts',
  root: 'unpacked roots',
};

/** What could go: blobs that images need are no cache. */
const reclaimable = (kept: readonly Kept[]): number => sum(kept.filter(({ inUse }) => !inUse));

/** By kind; with `verbose` each piece, the longest unused last. */
export function keptText(kept: readonly Kept[], verbose: boolean): string {
  const right = 'right' as const;
  const pieces = kept
    .toSorted((a, b) => b.used - a.used)
    .map((one) => [one.kind, one.id, bytesText(one.bytes), when(one), state(one), printableName(one.description)]);
  const titles = ['KIND', 'ID', 'SIZE', 'LAST USED', 'STATE', 'WHAT'].map((title) => ({
    title,
    ...(title === 'SIZE' ? { align: right } : {}),
  }));
  const list = verbose && kept.length > 0 ? `${table(titles, pieces)}\n\n` : '';
  const rows = KEPT_KINDS.map((kind) =>
    row(
      TITLES[kind],
      kept.filter((one) => one.kind === kind),
    ),
  );
  const columns = [
    { title: 'KIND' },
    { title: 'PIECES', align: right },
    { title: 'SIZE', align: right },
    { title: 'RECLAIMABLE', align: right },
  ];
  return `${list}${table(columns, [...rows, row('total', kept)])}`;
}

function row(title: string, kept: readonly Kept[]): readonly string[] {
  return [title, String(kept.length), bytesText(sum(kept)), bytesText(reclaimable(kept))];
}

const when = ({ used }: Kept): string => new Date(used).toISOString().replace(/\.\d+Z$/, 'Z');

const state = ({ inUse, stale }: Kept): string => (inUse ? 'in use' : stale ? 'of no use' : '');

export function removedText(removed: readonly Kept[], dryRun: boolean): string {
  const what = `${removed.length} pieces, ${bytesText(sum(removed))}`;
  return dryRun ? `would remove ${what}` : `removed ${what}`;
}

export interface KeptResult {
  readonly dir: string;
  readonly kept: readonly Kept[];
  readonly removed?: readonly Kept[];
}

export function keptDocument({ dir, kept, removed }: KeptResult) {
  return {
    dir,
    bytes: sum(kept),
    reclaimable: reclaimable(kept),
    kept: kept.map(piece),
    ...(removed === undefined ? {} : { removed: removed.map(piece), removedBytes: sum(removed) }),
  };
}

function piece(one: Kept) {
  const { kind, id, description, bytes, inUse, stale } = one;
  return { kind, id, description, bytes, used: when(one), inUse, stale };
}
