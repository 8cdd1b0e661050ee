/** What a build says while it goes on. @module */
import { printableName } from '../../base/names.ts';
import type { BuildEvent } from '../../builders/dockerfile/ports.ts';

/** One line for each event, as `docker build --progress plain` has them. */
export function plainLine(event: BuildEvent): string {
  switch (event.kind) {
    case 'start':
      return `#${event.id} ${printableName(event.name)}`;
    case 'output':
      return `#${event.id} ${event.line}`;
    case 'end':
      if (event.how === 'cached') return `#${event.id} CACHED`;
      return event.how === 'failed' ? `#${event.id} ERROR` : `#${event.id} DONE ${event.seconds.toFixed(1)}s`;
    case 'warning':
      return `warning: ${event.text}`;
  }
}

export type ProgressKind = 'auto' | 'plain' | 'tty' | 'quiet' | 'rawjson';

/** @param note to stderr */
export function eventWriter(kind: ProgressKind, note: (text: string) => void): (event: BuildEvent) => void {
  if (kind === 'rawjson') return (event) => note(JSON.stringify(event));
  if (kind === 'quiet') return (event) => event.kind === 'warning' && note(plainLine(event));
  return (event) => note(plainLine(event));
}
