/** What the user gets to see of a step that failed. @module */
import { ImageError } from '../../base/errors.ts';
import { cutText, plainText, printableText } from '../../base/printable.ts';
import { redacted } from '../../base/secrets.ts';
import type { Dockerfile, Range, RunInstruction } from '../../formats/dockerfile/types.ts';
import type { FailedStep } from '../../ports/build-steps.ts';

/** The last lines of a program's output. */
export class Tail {
  readonly #lines: string[] = [];
  readonly #most: number;

  constructor(most = 20) {
    this.#most = most;
  }

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > this.#most) this.#lines.shift();
  }

  get lines(): readonly string[] {
    return this.#lines;
  }
}

/** signal(7), those that end a program that did nothing about them. */
const SIGNALS: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
};

/**
 * A program of a RUN ended with a status other than 0.
 * @param options.inspected whether the user has looked at what it has left
 */
export function failedProgram(
  run: RunInstruction,
  { status, outOfMemory }: Pick<FailedStep, 'status' | 'outOfMemory'>,
  tail: Tail,
  { inspected }: { readonly inspected: boolean },
): ImageError {
  const number = status - 128;
  const signal = SIGNALS[number] === undefined ? `signal ${number}` : `signal ${number} (${SIGNALS[number]})`;
  const ended = number > 0 ? `was ended by ${signal}` : `ended with exit status ${status}`;
  const memory = outOfMemory === 0 ? '' : `; there was no memory left, and the kernel ended ${processes(outOfMemory)}`;
  const last = tail.lines.map((line) => `  ${inMessage(plainText(line))}`);
  const output = last.length === 0 ? '' : `\nlast output:\n${last.join('\n')}`;
  const look = inspected ? undefined : '"pare build --debug-shell" opens a shell in what the step has left';
  const hint = outOfMemory === 0 ? look : 'let it do less at once, or start pare where there is more memory';
  const details = hint === undefined ? {} : { hint };
  return new ImageError('INVALID', `"${shortened(run.source)}" ${ended}${memory}${output}`, details);
}

function processes(count: number): string {
  return count === 1 ? 'a process' : `${count} processes`;
}

function shortened(text: string): string {
  return cutText(printableText(text.replace(/\s+/g, ' ')), 200);
}

/** Longer lines say nothing more to people. */
const WIDTH = 500;

/** Secrets go first: half of one would not be known for what it is. */
function inMessage(line: string): string {
  return cutText(redacted(line), WIDTH);
}

/** Errors that say already where: one of a stage below another. */
const located = new WeakSet<ImageError>();

/** The words that errors are about. */
const words = new WeakMap<ImageError, Range>();

/** Does it; what is wrong is wrong with this word of the instruction, unless it knows of one already. */
export function atWord<T>(range: Range, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ImageError && !words.has(error)) words.set(error, range);
    throw error;
  }
}

/**
 * The same error, saying in which lines of the Dockerfile.
 * @param isTrigger whether the instruction is the base's, which stands nowhere in this file
 */
export function inFile(
  error: unknown,
  { name, text }: Pick<Dockerfile, 'name' | 'text'>,
  range: Range,
  isTrigger = false,
): unknown {
  if (!(error instanceof ImageError) || located.has(error)) return error;
  const word = isTrigger ? undefined : words.get(error);
  const { line } = (word ?? range).start;
  const message = `${name}:${line}: ${error.message}\n${excerpt(text, range, word)}`;
  const inPlace = new ImageError(error.code, message, {
    cause: error.cause ?? error,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
  located.add(inPlace);
  return inPlace;
}

/** How many lines are shown before and behind. */
const AROUND = 2;

/**
 * Lines around, and those of the instruction marked; long ones cut, and nothing in them that would steer a terminal.
 * @param word that has carets below it
 */
export function excerpt(text: string, { start, end }: Range, word?: Range): string {
  const lines = text.replace(/\r?\n$/, '').split(/\r?\n/);
  const from = Math.max(1, start.line - AROUND);
  const to = Math.min(lines.length, Math.max(end.line, start.line) + AROUND);
  const width = String(to).length;
  const out: string[] = [];
  for (let line = from; line <= to; line++) {
    const mark = line >= start.line && line <= end.line ? '>>>' : '   ';
    out.push(`  ${String(line).padStart(width)} ${mark} ${inMessage(printableText(lines[line - 1] ?? ''))}`.trimEnd());
    if (line === word?.start.line)
      out.push(...caretsBelow(lines[line - 1] ?? '', word, '  '.length + width + ' >>> '.length));
  }
  return out.join('\n');
}

/** None where the line is cut before the word. Tabs stay tabs, so that the carets stand below what they point at. */
function caretsBelow(line: string, { start, end }: Range, margin: number): readonly string[] {
  const last = end.line === start.line ? end.column - 1 : line.length;
  if (last > WIDTH / 2) return [];
  const before = printableText(line.slice(0, start.column - 1)).replace(/[^\t]/g, ' ');
  const below = printableText(line.slice(start.column - 1, last));
  return [`${' '.repeat(margin)}${before}${'^'.repeat(Math.max(1, below.length))}`];
}
