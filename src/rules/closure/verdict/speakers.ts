/** Who speaks for a missing file, where a program and the libraries it loads all want it. @module */
import type { Closure, Unmet } from '../types.ts';

/**
 * The wishes without those of libraries that another file has as well: a program's are all kept, and of libraries alone the
 * first by path speaks.
 */
export function speakers({ unmet, kept }: Pick<Closure, 'unmet' | 'kept'>): readonly Unmet[] {
  const isLibrary = ({ reason }: Unmet) => reason.from !== undefined && kept.get(reason.from)?.use === 'module';
  const from = ({ reason }: Unmet) => reason.from ?? '';
  const spoken = new Set(unmet.filter((one) => !isLibrary(one)).map(missing));
  const libraries = unmet.filter(isLibrary).sort((a, b) => (from(a) < from(b) ? -1 : from(a) > from(b) ? 1 : 0));
  const first = libraries.filter((one) => {
    const key = missing(one);
    return spoken.has(key) ? false : spoken.add(key);
  });
  return unmet.filter((one) => !isLibrary(one) || first.includes(one));
}

function missing({ requirement: { unmet, want } }: Unmet): string {
  return `${unmet?.code} ${JSON.stringify(want)}`;
}
