/** `--progress rawjson`: one JSON document a line, with the fields of BuildKit's own (client/graph.go: SolveStatus). @module */
import { digestOf } from '../../base/digest.ts';
import type { BuildEvent } from '../../builders/dockerfile/ports.ts';
import type { Progress } from '../../ports/run.ts';

const LEVEL = 1;
/** BuildKit's display knows a step that was canceled by the end of its error. */
const ENDS = {
  done: {},
  cached: { cached: true },
  failed: { error: 'the step failed' },
  canceled: { error: 'context canceled' },
};
const STREAM = { stdout: 1, stderr: 2 } as const;

/** @param now RFC 3339 */
export function rawJsonLines(now: () => string): {
  event(event: BuildEvent): string;
  progress(progress: Progress): string | undefined;
} {
  const vertexes = new Map<number, { readonly digest: string; readonly name: string; readonly started: string }>();
  const transfers = new Map<string, string>();
  const digest = (id: number) => vertexes.get(id)?.digest ?? digestOf(String(id));
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return {
    event(event) {
      const timestamp = now();
      switch (event.kind) {
        case 'start': {
          const vertex = { digest: digestOf(`${event.id} ${event.name}`), name: event.name, started: timestamp };
          vertexes.set(event.id, vertex);
          return JSON.stringify({ vertexes: [vertex] });
        }
        case 'output': {
          const data = base64(`${event.line}\n`);
          return JSON.stringify({
            logs: [{ vertex: digest(event.id), stream: STREAM[event.stream], data, timestamp }],
          });
        }
        case 'end': {
          return JSON.stringify({
            vertexes: [{ ...vertexes.get(event.id), completed: timestamp, ...ENDS[event.how] }],
          });
        }
        case 'warning': {
          const { check } = event;
          const short = base64(check === undefined ? event.text : `${check.rule}: ${event.text} (line ${check.line})`);
          const range =
            check === undefined ? {} : { range: [{ start: { line: check.line }, end: { line: check.line } }] };
          return JSON.stringify({ warnings: [{ level: LEVEL, short, ...range }] });
        }
      }
    },
    progress(progress) {
      if (progress.type !== 'bytes') return undefined;
      const { label: id, done: current, total } = progress;
      const timestamp = now();
      const started = transfers.get(id) ?? timestamp;
      transfers.set(id, started);
      const completed = total !== undefined && current >= total ? { completed: timestamp } : {};
      const size = total === undefined ? {} : { total };
      return JSON.stringify({ statuses: [{ id, ...size, current, timestamp, started, ...completed }] });
    },
  };
}
