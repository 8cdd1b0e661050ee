/** Values as Go sees them: how they print, and which count as empty. @module */

/** JSON values, and Go's typed nothings. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value } | Nothing;

/** A slice or map that is nil: prints as empty, and is null in JSON. */
export class Nothing {
  readonly printed: '[]' | 'map[]';
  constructor(printed: '[]' | 'map[]') {
    this.printed = printed;
  }
  toJSON(): null {
    return null;
  }
}

export const NIL_LIST = new Nothing('[]');
export const NIL_MAP = new Nothing('map[]');

export type ValueMap = { readonly [name: string]: Value };

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isMap(value: Value): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Nothing);
}

/** As `%v` of package fmt: `[a b]`, `map[k:v]` with sorted keys. */
export function printed(value: Value): string {
  if (value === null) return '<nil>';
  if (value instanceof Nothing) return value.printed;
  if (isList(value)) return `[${value.map(printed).join(' ')}]`;
  if (!isMap(value)) return String(value);
  const names = Object.keys(value).sort();
  // An empty struct, as the values of ExposedPorts and Volumes are.
  if (names.length === 0) return '{}';
  return `map[${names.map((name) => `${name}:${printed(value[name] ?? null)}`).join(' ')}]`;
}

/** What `if`, `and` and `or` go by: false, 0, "", nil and whatever is empty count as false. */
export function isTrue(value: Value): boolean {
  if (value instanceof Nothing) return false;
  if (isList(value)) return value.length > 0;
  if (isMap(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** The kind of a value, in words for an error. */
export function kindOf(value: Value): string {
  if (value === null || value instanceof Nothing) return 'nothing';
  if (isList(value)) return 'a list';
  return isMap(value) ? 'a map' : `a ${typeof value}`;
}
