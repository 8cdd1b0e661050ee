/** The command line as a user has it: a process with streams, signals and a status. @module */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFailed, TestRunner } from 'vitest';

export const LAUNCHER = fileURLToPath(new URL('../../bin/pare.js', import.meta.url));

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Settings {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Text for stdin, which is closed behind it; without it stdin is empty. */
  readonly input?: string;
  /** Leads a process group of its own. */
  readonly detached?: boolean;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when stdout holds the text; rejects where it ends without. */
  said(text: string): Promise<void>;
}

export function startPare(args: readonly string[], settings: Settings = {}): Running {
  return start([process.execPath, LAUNCHER, ...args], settings);
}

/** Runs to the end. */
export function pare(args: readonly string[], settings: Settings = {}): Promise<Ended> {
  const { child, ended } = startPare(args, settings);
  child.stdin?.end(settings.input ?? '');
  return ended;
}

/** Any command line, its output gathered; stdin stays open. What failing ones said is shown where the test fails. */
export function start(
  [program = '', ...args]: readonly string[],
  { env, cwd, detached = false }: Settings = {},
): Running {
  const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env;
  const at = cwd === undefined ? {} : { cwd };
  const child = spawn(program, args, { env: { ...inherited, ...env }, ...at, detached });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (piece: Buffer) => {
    stdout += piece.toString();
  });
  child.stderr.on('data', (piece: Buffer) => {
    stderr += piece.toString();
  });
  // A program that does not read is no failure of the test.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
  if (inTest()) {
    onTestFailed(() => {
      if (child.exitCode !== 0)
        process.stderr.write(`[${child.exitCode ?? child.signalCode}] ${args.join(' ')}\n${stderr}\n`);
    });
  }
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (stdout.includes(text)) resolve();
      };
      look();
      child.stdout.on('data', look);
      child.on('close', () => reject(new Error(`it ended without "${text}": ${stdout}${stderr}`)));
    });
  return { child, ended, said };
}

/** Hooks start programs too. */
function inTest(): boolean {
  return TestRunner.getCurrentTest() !== undefined;
}
