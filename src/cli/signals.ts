/**
 * Signals: the first one that asks to end aborts the run, which cleans up; a second one ends the process at once.
 * @module
 */
import { constants } from 'node:os';

/** Ask a program to end. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Mean something to the program that `run` runs, and nothing to pare itself. */
const PASSED = ['SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;
/**
 * A terminal sends its interrupt to npx, to a launcher and to pare, and the first two send it on: within this many
 * milliseconds it is one and the same.
 */
const ECHO = 250;

export type SignalHandler = (signal: NodeJS.Signals) => void;

export interface SignalWatch {
  /** The exit status that the signal received means (128 + its number), or undefined if there was none. */
  status(): number | undefined;
  /** See {@link import('./command.ts').Context.takeSignals}. */
  take(handler: SignalHandler): Disposable;
}

export function watchSignals(abort: AbortController): SignalWatch {
  let taken: SignalHandler | undefined;
  let status: number | undefined;
  const last = new Map<string, number>();
  const received = (signal: NodeJS.Signals) => {
    const now = performance.now();
    const echo = now - (last.get(signal) ?? Number.NEGATIVE_INFINITY) < ECHO;
    last.set(signal, now);
    if (echo && signal === 'SIGINT') return;
    if (taken !== undefined) {
      taken(signal);
    } else if (status !== undefined) {
      process.exit(status);
    } else {
      status = 128 + constants.signals[signal];
      abort.abort();
    }
  };
  for (const signal of ENDING) process.on(signal, received);
  return {
    status: () => status,
    take(handler) {
      taken = handler;
      for (const signal of PASSED) process.on(signal, received);
      return {
        [Symbol.dispose]: () => {
          taken = undefined;
          for (const signal of PASSED) process.off(signal, received);
        },
      };
    },
  };
}
