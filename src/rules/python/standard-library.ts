/** The standard library as a whole. @module */
import type { Facts, Requirement, Strength } from '../rule.ts';
import type { Installation } from './installation.ts';
import { isLibraryFile, moduleStrength } from './library.ts';

/** At this strength, but what is rare: that is suggested. */
export async function wholeLibrary(
  { library, modules, zip }: Installation,
  strength: Strength,
  facts: Facts,
): Promise<Requirement[]> {
  const because = 'finds its standard library by the landmark os.py above it';
  const include = (path: string) => isLibraryFile(path.slice(library.length + 1));
  const all: Requirement[] = [{ want: { kind: 'tree', path: library, include, use: 'data' }, strength, because }];
  if ((await facts.files.resolve(zip)).kind === 'found') {
    all.push({ want: { kind: 'path', path: zip, use: 'data' }, strength, because: 'imports from it first' });
  }
  for (const name of (await facts.files.list(modules)) ?? []) {
    const weight = moduleStrength(name);
    if (weight === undefined) continue;
    const want = { kind: 'path', path: `${modules}/${name}`, use: 'module' } as const;
    const own = strength === 'suggested' ? strength : weight;
    all.push({ want, strength: own, because: 'finds the extension modules of its standard library beside it' });
  }
  return all;
}
