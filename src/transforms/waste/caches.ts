/** PackageCacheLeft: what package managers left in the layers of a build. @module */
import { isWithin } from '../../base/path.ts';
import { walkChanges } from '../../model/changeset.ts';
import { nodeAt } from '../../model/tree.ts';
import { type Built, Bytes, instructionText, type SizeHint } from './built.ts';

/** Below the root. */
const PLACES = [
  '/var/lib/apt/lists',
  '/var/cache/apt',
  '/var/cache/apk',
  '/etc/apk/cache',
  '/var/cache/dnf',
  '/var/cache/yum',
  '/var/cache/libdnf5',
  '/var/cache/tdnf',
  '/var/cache/zypp',
  '/var/cache/pacman/pkg',
  '/var/lib/pacman/sync',
  '/usr/local/share/.cache',
  '/usr/local/cargo/registry',
  '/go/pkg/mod/cache',
];

/** Below somebody's home. */
const HOMES =
  /^(?:\/root|\/home\/[^/]+)\/(?:\.cache\/(?:pip|uv|yarn|go-build|pypoetry|pnpm|composer|Homebrew)|\.npm\/_cacache|\.composer\/cache|\.yarn\/berry\/cache|\.m2\/repository|\.gradle\/caches|\.cargo\/registry|\.nuget\/packages|go\/pkg\/mod\/cache)(?=\/)/;

export function cachesLeft({ layers, tree }: Built): readonly SizeHint[] {
  return layers.flatMap(({ changes, by }) => {
    if (by === undefined) return [];
    const places = new Set<string>();
    const bytes = new Bytes();
    for (const { path, change } of walkChanges(changes)) {
      if (change.kind !== 'file') continue;
      const place = placeOf(path);
      // What is gone again is said to be removed too late.
      if (place === undefined || nodeAt(tree, path)?.kind !== 'file') continue;
      places.add(place);
      bytes.add(change);
    }
    if (bytes.sum === 0) return [];
    const where = [...places].join(', ');
    const message = `of package managers' lists and downloads in the layer of ${instructionText(by)} (${where})`;
    const advice = 'remove them in the same step, or give it --mount=type=cache';
    return [{ rule: 'PackageCacheLeft', bytes: bytes.sum, message, advice } as const];
  });
}

function placeOf(path: string): string | undefined {
  return PLACES.find((place) => isWithin(path, place)) ?? HOMES.exec(path)?.[0];
}
