/** What a build says while it goes on, and when it has ended. @module */
import { countOf } from '../../base/count.ts';
import { printableName } from '../../base/names.ts';
import { coloursAlone, printableText } from '../../base/printable.ts';
import { redacted } from '../../base/secrets.ts';
import type { BuildEvent } from '../../builders/dockerfile/ports.ts';
import type { Progress, Run } from '../../ports/run.ts';
import type { Context } from '../command.ts';

/** `none` is buildx's other word for `quiet`. */
export const PROGRESS_KINDS = ['auto', 'plain', 'tty', 'quiet', 'none', 'rawjson'] as const;

export type ProgressKind = (typeof PROGRESS_KINDS)[number];

/** Disposing of it ends it as failed, where nobody said otherwise. */
export interface BuildShow extends Disposable {
  report(event: BuildEvent): void;
  /** The context's, with its progress shown here. */
  readonly run: Run;
  /** Whether any step was carried out, and not remembered. */
  didWork(): boolean;
  /** What is drawn stays, what is written from here on comes below; and what the checks found is said. */
  finish(how: 'finished' | 'failed'): void;
}

/** What each kind of display does; notes of checks are kept for the end. */
interface Display {
  event(event: BuildEvent): void;
  readonly progress: ((progress: Progress) => void) | undefined;
  finish(how: 'finished' | 'failed'): void;
  readonly saysChecks: boolean;
}

/** Nothing of the terminal's display is loaded where there is none. */
export async function openShow(kind: ProgressKind, context: Context): Promise<BuildShow> {
  const display = await displayOf(kind, context);
  const found: string[] = [];
  const bases = new Set<number>();
  let didWork = false;
  let isOver = false;
  const finish = (how: 'finished' | 'failed') => {
    if (isOver) return;
    isOver = true;
    display.finish(how);
    if (found.length > 0 && display.saysChecks) context.note(checksText(found));
  };
  return {
    report(event) {
      if (event.kind === 'start' && /\] FROM /.test(event.name)) bases.add(event.id);
      didWork ||= event.kind === 'end' && event.how === 'done' && !bases.has(event.id);
      if (event.kind === 'warning' && event.check !== undefined && display.saysChecks) {
        found.push(` - ${event.check.rule}: ${printableName(event.text)} (line ${event.check.line})`);
      } else display.event(event);
    },
    run: display.progress === undefined ? context.run : { ...context.run, report: display.progress },
    didWork: () => didWork,
    finish,
    [Symbol.dispose]: () => finish('failed'),
  };
}

function checksText(found: readonly string[]): string {
  return `${countOf(found.length, 'warning')} found (pare build --check says where):\n${found.join('\n')}`;
}

async function displayOf(kind: ProgressKind, context: Context): Promise<Display> {
  const { terminal, note } = context;
  if (kind === 'rawjson') return rawJson(note);
  if (terminal !== undefined && (kind === 'tty' || kind === 'auto')) {
    const { terminalDisplay } = await import('../render/building/terminal.ts');
    const shown = terminalDisplay(terminal);
    const said = (text: string) => shown.note(redacted(text));
    return {
      event: (event) => (event.kind === 'warning' ? said(plainLine(event)) : shown.event(safe(event))),
      progress: (one) =>
        one.type === 'bytes' ? shown.progress({ ...one, label: redacted(one.label) }) : said(one.text),
      finish: shown.finish,
      saysChecks: true,
    };
  }
  const isQuiet = kind === 'quiet' || kind === 'none';
  return {
    event: (event) => {
      if (!isQuiet || event.kind === 'warning') note(plainLine(event));
    },
    progress: undefined,
    finish: () => undefined,
    saysChecks: !isQuiet,
  };
}

async function rawJson(note: (text: string) => void): Promise<Display> {
  const { rawJsonLines } = await import('./rawjson.ts');
  const lines = rawJsonLines(() => new Date().toISOString());
  return {
    event: (event) => note(lines.event(event)),
    progress: (progress) => {
      const line = lines.progress(progress);
      if (line !== undefined) note(line);
    },
    finish: () => undefined,
    saysChecks: false,
  };
}

function safe(event: BuildEvent): BuildEvent {
  if (event.kind === 'start') return { ...event, name: redacted(event.name) };
  return event.kind === 'output' ? { ...event, line: redacted(event.line) } : event;
}

/** One line for each event, as `docker build --progress plain` has them; of what a program would do to a terminal, colours alone. */
export function plainLine(event: BuildEvent): string {
  switch (event.kind) {
    case 'start':
      return `#${event.id} ${printableName(event.name)}`;
    case 'output':
      return `#${event.id} ${coloursAlone(event.line)}`;
    case 'end':
      if (event.how === 'cached') return `#${event.id} CACHED`;
      if (event.how === 'done') return `#${event.id} DONE ${event.seconds.toFixed(1)}s`;
      return `#${event.id} ${event.how === 'failed' ? 'ERROR' : 'CANCELED'}`;
    case 'warning':
      return `warning: ${printableText(event.text)}`;
  }
}
