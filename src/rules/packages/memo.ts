/** Tables and caches that every database reader has. @module */
import type { Package } from './types.ts';

/** Computes once, at the first call. Of an asynchronous computation the promise is kept, a failed one as well. */
export function memo<T>(compute: () => T): () => T {
  let kept: { readonly value: T } | undefined;
  return () => {
    kept ??= { value: compute() };
    return kept.value;
  };
}

export interface PackageTable<P extends Package> {
  /** All, as they were given. */
  readonly packages: readonly P[];
  /** By name, by `NAME:ARCHITECTURE`, or by the name of something it provides. */
  find(name: string): P | undefined;
  /** It and the others that came out of the same build, for its architecture or for all. */
  siblings(name: string): readonly P[];
}

/**
 * @param packages sorted by name
 * @param options.preferred of several architectures of one name, that of this package counts
 */
export function packageTable<P extends Package>(
  packages: readonly P[],
  options: {
    readonly preferred?: string;
    readonly provides: (one: P) => readonly string[];
    /** Equal for packages of one build: source package and its version. */
    readonly build: (one: P) => string;
  },
): PackageTable<P> {
  const byName = new Map<string, P>();
  const native = packages.find(({ name }) => name === options.preferred)?.architecture;
  for (const one of packages) {
    byName.set(`${one.name}:${one.architecture}`, one);
    if (!byName.has(one.name) || one.architecture === native) byName.set(one.name, one);
  }
  for (const one of packages) {
    for (const name of options.provides(one)) if (!byName.has(name)) byName.set(name, one);
  }
  return {
    packages,
    find: (name) => byName.get(name),
    siblings: (name) => {
      const one = byName.get(name);
      if (one === undefined) return [];
      const build = options.build(one);
      return [one, ...packages.filter((other) => other !== one && agree(other, one) && options.build(other) === build)];
    },
  };
}

const ANY_ARCHITECTURE: readonly string[] = ['all', 'noarch'];

function agree(a: Package, b: Package): boolean {
  return (
    [a, b].some(({ architecture }) => ANY_ARCHITECTURE.includes(architecture)) || a.architecture === b.architecture
  );
}
