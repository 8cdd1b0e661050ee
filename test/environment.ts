/** Variables for words of Dockerfiles. @module */
import type { Environment } from '../src/formats/dockerfile/expand.ts';

/** Variables by name, upper and lower case the same on Windows. */
export function environmentOf(
  variables: Iterable<readonly [string, string]>,
  { windows = false }: { readonly windows?: boolean } = {},
): Environment {
  const key = windows ? (name: string) => name.toUpperCase() : (name: string) => name;
  const values = new Map<string, string>();
  for (const [name, value] of variables) values.set(key(name), value);
  return (name) => values.get(key(name));
}
