/** Assertions about our own code: what they throw is a bug, never a user's mistake. @module */

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`bug: ${message}`);
}

/** For the `default` of a switch over a tagged union: does not compile while a case is missing. */
export function assertNever(value: never): never {
  throw new Error(`bug: unhandled case ${JSON.stringify(value)}`);
}

/** The value, which the caller knows is there. */
export function present<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new Error(`bug: no ${what}`);
  return value;
}
