/** Recursion whose depth is bounded by memory, not by the call stack: a tree may be a hundred thousand levels deep. @module */

/**
 * A recursive computation of an `R`, written as a generator: `const result = yield inner(…)` is the recursive call. It costs
 * a generator a call, so it is made for directories and not for files.
 */
export type Recursion<R> = Generator<Recursion<R>, R, R>;

/** Runs it to its end. */
export function runRecursion<R>(start: Recursion<R>): R {
  const callers: Recursion<R>[] = [];
  let current = start;
  let step = current.next();
  for (;;) {
    if (step.done) {
      const caller = callers.pop();
      if (caller === undefined) return step.value;
      current = caller;
      step = current.next(step.value);
    } else {
      callers.push(current);
      current = step.value;
      step = current.next();
    }
  }
}
