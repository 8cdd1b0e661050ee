/** Telling of steps: each has a number, a beginning, an end and what was printed between. @module */
import type { Dockerfile, Stage } from '../../formats/dockerfile/types.ts';
import { formatPlatform } from '../../model/platform.ts';
import type { BuildEvent, StepEnd, StepName, StepReporter } from './ports.ts';

/** FROM, and each instruction that may make a layer. */
export function stepsOf({ instructions }: Stage): number {
  return 1 + instructions.filter(({ kind }) => ['run', 'copy', 'add', 'workdir'].includes(kind)).length;
}

/** What a stage is called. */
export function labelOf({ name, index }: Stage, { stages }: Dockerfile): string {
  if (name !== undefined) return name;
  return stages.length === 1 ? 'build' : `stage-${index}`;
}

export class Steps implements StepReporter {
  readonly #report: (event: BuildEvent) => void;
  readonly #namesPlatforms: boolean;
  #last = 0;

  /** @param namesPlatforms where there are several */
  constructor(report: (event: BuildEvent) => void, namesPlatforms: boolean) {
    this.#report = report;
    this.#namesPlatforms = namesPlatforms;
  }

  async run<T extends { readonly cached: boolean }>(
    { platform, stage, number, total, text }: StepName,
    work: (output: (stream: 'stdout' | 'stderr', line: string) => void) => Promise<T>,
  ): Promise<T> {
    const id = ++this.#last;
    const started = performance.now();
    const prefix = this.#namesPlatforms ? `${formatPlatform(platform)} ` : '';
    this.#report({ kind: 'start', id, name: `[${prefix}${stage} ${number}/${total}] ${text}` });
    const end = (how: StepEnd) => this.#report({ kind: 'end', id, how, seconds: (performance.now() - started) / 1000 });
    try {
      const result = await work((stream, line) => this.#report({ kind: 'output', id, stream, line }));
      end(result.cached ? 'cached' : 'done');
      return result;
    } catch (error) {
      end(error instanceof DOMException && error.name === 'AbortError' ? 'canceled' : 'failed');
      throw error;
    }
  }
}
