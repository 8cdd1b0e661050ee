/**
 * How a verb plugs into the command line. The table in `commands.ts` names every verb with its one-line summary and how to
 * load its module, so that `pare --help` and `pare --version` load none of them.
 * @module
 */
import type { Command } from 'commander';
import type { Run } from '../ports/run.ts';
import type { Terminal } from './render/building/terminal.ts';

/** What a handler may touch of the process. Handlers return data or call these; they never print on their own. */
export interface Context {
  /** Options common to all verbs. */
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
  /** Registries may be reached without TLS, or with TLS that is not verified. */
  readonly insecure: boolean;
  /** Signal of Ctrl-C, and where progress goes. */
  readonly run: Run;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A result: to stdout, with a newline. */
  print(text: string): void;
  /** Raw bytes to stdout, with back-pressure. */
  write(bytes: Uint8Array): Promise<void>;
  /** One documented JSON document to stdout (`--json`). */
  printJson(value: unknown): void;
  /** For people: to stderr, unless --quiet. */
  note(text: string): void;
  /** Stderr, where it is a terminal and something may be drawn there. */
  readonly terminal: Terminal | undefined;
  /** Ends with this status once everything is flushed: 0 done, 1 the answer is "no". */
  exit(status: number): void;
  /** Takes progress off a terminal, which belongs to somebody else from here on. */
  endProgress(): void;
  /**
   * Until disposed of, the process's signals go to the handler, and none of them aborts the run: for a verb whose program
   * gets them.
   */
  takeSignals(handler: (signal: NodeJS.Signals) => void): Disposable;
}

export interface CommandModule {
  /**
   * Declares arguments and options on the command, and its action. The action's errors are rendered by the caller: an
   * ImageError with its hint, exit 2 for USAGE, 1 for FINDINGS, 3 otherwise.
   */
  configure(command: Command, context: () => Context): void;
}

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly group: 'make' | 'look' | 'move' | 'run' | 'machine';
  /** For `run`: stdout and the exit status are its program's, so there is no `--json`, and pare's own failures are 125. */
  readonly runsProgram?: true;
  /** Started by pare itself, and shown to nobody. */
  readonly hidden?: true;
  load(): Promise<CommandModule>;
}
