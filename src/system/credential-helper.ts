/**
 * Credential helpers: programs `docker-credential-NAME` on PATH, asked over stdin and stdout. What they print is never shown
 * unless they fail, and then a line of it, without secrets.
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fromSystem, ImageError, systemCode } from '../base/errors.ts';
import { keepSecret, redacted } from '../base/secrets.ts';
import { type Credentials, secretsOf } from '../formats/registry-auth/credentials.ts';
import { parseAnswer, parseServers, saysNotFound, storeMessage } from '../formats/registry-auth/helper-protocol.ts';
import { SECRETS_LIMIT } from '../formats/registry-auth/secret-json.ts';
import type { Environment } from './home.ts';

export interface Helper {
  /** What follows `docker-credential-`. */
  readonly name: string;
  /** Who names it, for messages: a file. */
  readonly namedBy: string;
  readonly env: Environment;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds a call may take; time enough to unlock a key ring. Default two minutes. */
  readonly patience?: number;
}

const PATIENCE = 120_000;

/** Undefined where the helper has nothing for the server. @throws ImageError UNAVAILABLE, IO, INVALID; the signal's reason */
export async function getFromHelper(helper: Helper, server: string): Promise<Credentials | undefined> {
  const answer = await call(helper, 'get', server);
  if (answer.status !== 0) {
    if (saysNotFound(answer.printed)) return undefined;
    throw failure(helper, 'get', answer);
  }
  const credentials = parseAnswer(answer.stdout, `what ${program(helper)} says of ${server}`);
  if (credentials !== undefined) for (const secret of secretsOf(credentials)) keepSecret(secret);
  return credentials;
}

/** Replaces what it had for the server. @throws as {@link getFromHelper} */
export async function storeInHelper(helper: Helper, server: string, credentials: Credentials): Promise<void> {
  const answer = await call(helper, 'store', storeMessage(server, credentials));
  if (answer.status !== 0) throw failure(helper, 'store', answer);
}

/** That it has nothing for the server is no error. @throws as {@link getFromHelper} */
export async function eraseFromHelper(helper: Helper, server: string): Promise<void> {
  const answer = await call(helper, 'erase', server);
  if (answer.status !== 0 && !saysNotFound(answer.printed)) throw failure(helper, 'erase', answer);
}

/** The servers it has credentials for, sorted. @throws as {@link getFromHelper} */
export async function listHelper(helper: Helper): Promise<readonly string[]> {
  const answer = await call(helper, 'list', '');
  if (answer.status !== 0) throw failure(helper, 'list', answer);
  return parseServers(answer.stdout, `the list of ${program(helper)}`);
}

type Command = 'get' | 'store' | 'erase' | 'list';

interface Answer {
  readonly status: number | NodeJS.Signals;
  readonly stdout: Uint8Array;
  /** Both streams; helpers tell their errors on either. */
  readonly printed: string;
}

const program = ({ name }: Helper): string => `docker-credential-${name}`;

async function call(helper: Helper, command: Command, input: string): Promise<Answer> {
  const { env, signal, patience = PATIENCE } = helper;
  signal?.throwIfAborted();
  const timer = AbortSignal.timeout(patience);
  const child = spawn(program(helper), [command], { env: { ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  const ending = Promise.withResolvers<never>();
  const give = (error: unknown) => {
    child.kill('SIGKILL');
    // Whoever it has started may hold the other ends.
    child.stdout.destroy();
    child.stderr.destroy();
    ending.reject(error);
  };
  const aborted = () => give(signal?.reason);
  const late = () =>
    give(
      new ImageError('UNAVAILABLE', `${program(helper)} has not answered "${command}" within ${patience / 1000} s`, {
        hint: `${helper.namedBy} names it: try "echo REGISTRY | ${program(helper)} get"`,
      }),
    );
  signal?.addEventListener('abort', aborted, { once: true });
  timer.addEventListener('abort', late, { once: true });
  try {
    // A helper may end without reading its input; what it says tells why.
    child.stdin.on('error', () => undefined).end(input);
    return await Promise.race([ending.promise, answerOf(child, give, helper)]);
  } finally {
    signal?.removeEventListener('abort', aborted);
    timer.removeEventListener('abort', late);
  }
}

async function answerOf(child: ChildProcess, give: (error: unknown) => void, helper: Helper): Promise<Answer> {
  const streams = [child.stdout, child.stderr].map((stream) => {
    const pieces: Buffer[] = [];
    let size = 0;
    stream?.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size > SECRETS_LIMIT) give(new ImageError('LIMIT', `${program(helper)} prints without end`));
      else pieces.push(piece);
    });
    return () => Buffer.concat(pieces);
  });
  const status = await new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.on('error', (error) => reject(cannotStart(error, helper)));
    child.on('close', (code, by) => resolve(code ?? by ?? 1));
  });
  const [stdout, stderr] = streams.map((read) => read()) as [Buffer, Buffer];
  return { status, stdout, printed: `${stdout}\n${stderr}` };
}

function cannotStart(error: Error, helper: Helper): ImageError {
  const hint = `install it, or take "${helper.name}" out of ${helper.namedBy}`;
  if (systemCode(error) === 'ENOENT') {
    const message = `the credential helper ${program(helper)}, which ${helper.namedBy} names, is not on PATH`;
    return new ImageError('UNAVAILABLE', message, { hint });
  }
  const { message } = fromSystem(error, `cannot run the credential helper ${program(helper)}`);
  return new ImageError('UNAVAILABLE', message, { hint });
}

function failure(helper: Helper, command: Command, { status, printed }: Answer): ImageError {
  const line = printed.split('\n').find((one) => one.trim() !== '');
  // What looks like an answer may be one, with its secret.
  const said = line === undefined || /[{}]/.test(printed) ? '' : `: ${redacted(line.trim().slice(0, 200))}`;
  const ended = typeof status === 'number' ? `with status ${status}` : `by ${status}`;
  return new ImageError('IO', `${program(helper)} ${command} ended ${ended}${said}`, {
    hint: `it is named by ${helper.namedBy}; see whether "${program(helper)} ${command}" works by itself`,
  });
}
