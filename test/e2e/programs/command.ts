/** Running a command to its end, without blocking the servers that live in the test's own process. @module */
import { type ChildProcess, spawn } from 'node:child_process';

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Milliseconds; then the command is killed and the outcome's status is 124, as with timeout(1). Default 60,000. */
  readonly timeout?: number;
  /** Whether the command gets a process group of its own, which {@link Service.stop} ends whole: for strace around it. */
  readonly group?: boolean;
}

const QUIET_ENV = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  HOME: process.env['HOME'] ?? '/root',
  LANG: 'C.UTF-8',
};

export async function command(argv: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  const child = launch(argv, options);
  // A program may end without reading its input: that EPIPE is its own business.
  child.stdin?.on('error', () => undefined).end(options.input);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (piece: Buffer) => stdout.push(piece));
  child.stderr?.on('data', (piece: Buffer) => stderr.push(piece));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, options.timeout ?? 60_000);
  const status = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });
  clearTimeout(timer);
  const text = (pieces: Buffer[]) => Buffer.concat(pieces).toString('utf8');
  return { status: late ? 124 : status, stdout: text(stdout), stderr: text(stderr) };
}

/** The command's standard output; a status other than 0 is an error that shows what it printed. */
export async function output(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const outcome = await command(argv, options);
  if (outcome.status !== 0) {
    throw new Error(`${argv.join(' ')} ended with ${outcome.status}\n${outcome.stdout}${outcome.stderr}`);
  }
  return outcome.stdout;
}

/** A program that goes on running until {@link Service.stop}. */
export interface Service {
  /** What it printed so far, both streams. */
  printed(): string;
  /** Whether it has ended by itself. */
  ended(): boolean;
  /** Ends it (SIGTERM, then SIGKILL after five seconds) and waits for that. */
  stop(): Promise<void>;
}

export function service(argv: readonly string[], options: CommandOptions = {}): Service {
  const child = launch(argv, options);
  let text = '';
  let ended = false;
  const collect = (piece: Buffer) => {
    text += piece.toString('utf8');
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const closed = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      text += String(error);
      ended = true;
      resolve();
    });
    child.on('close', () => {
      ended = true;
      resolve();
    });
  });
  return {
    printed: () => text,
    ended: () => ended,
    stop: async () => {
      const kill = (signal: NodeJS.Signals) => {
        if (options.group && child.pid !== undefined) process.kill(-child.pid, signal);
        else child.kill(signal);
      };
      if (!ended) kill('SIGTERM');
      const timer = setTimeout(() => kill('SIGKILL'), 5_000);
      await closed;
      clearTimeout(timer);
    },
  };
}

function launch(argv: readonly string[], options: CommandOptions): ChildProcess {
  const [file, ...args] = argv as [string, ...string[]];
  return spawn(file, args, {
    env: { ...QUIET_ENV, ...options.env },
    detached: options.group ?? false,
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
}

/**
 * Tries until it gives a value; fails with the last error after 15 seconds, or with what the service printed as soon as that
 * has ended.
 */
export async function eventually<T>(what: string, from: Service, attempt: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + 15_000;
  let last: unknown;
  while (Date.now() < end) {
    if (from.ended()) throw new Error(`${what}: the service has ended; it printed:\n${from.printed()}`);
    try {
      const value = await attempt();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not within 15 seconds; the service printed:\n${from.printed()}`, { cause: last });
}
