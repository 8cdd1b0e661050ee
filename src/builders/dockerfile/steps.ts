/** Telling of steps: each has a number, a beginning, an end and what was printed between. @module */
import type { BuildEvent } from './ports.ts';

export class Steps {
  readonly #report: (event: BuildEvent) => void;
  #last = 0;

  constructor(report: (event: BuildEvent) => void) {
    this.#report = report;
  }

  async run<T extends { readonly cached: boolean }>(
    name: string,
    work: (output: (stream: 'stdout' | 'stderr', line: string) => void) => Promise<T>,
  ): Promise<T> {
    const id = ++this.#last;
    const started = performance.now();
    this.#report({ kind: 'start', id, name });
    const end = (how: 'done' | 'cached' | 'failed') =>
      this.#report({ kind: 'end', id, how, seconds: (performance.now() - started) / 1000 });
    try {
      const result = await work((stream, line) => this.#report({ kind: 'output', id, stream, line }));
      end(result.cached ? 'cached' : 'done');
      return result;
    } catch (error) {
      end('failed');
      throw error;
    }
  }
}
