/** What `pare run` does: words into options, signals to the program, its status to the caller. @module */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { ImageError } from '../../base/errors.ts';
import { cleanPath } from '../../base/path.ts';
import { parsePlatform } from '../../model/platform.ts';
import { type RunImageOptions, startImage } from '../../operations/run.ts';
import type { RunningProgram, Volume } from '../../ports/sandbox.ts';
import { machinePlatform } from '../../system/machine.ts';
import type { Context } from '../command.ts';
import { commandWords } from '../words.ts';

/** As commander gives them. */
export interface RunFlags {
  readonly interactive?: true;
  readonly tty?: true;
  readonly env?: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  readonly volume?: readonly string[];
  readonly entrypoint?: string;
  readonly network: 'host' | 'none';
  readonly readOnly?: true;
  readonly hostname?: string;
  readonly platform?: string;
  readonly runtime?: string;
  /** Of `--debug=REF`; the empty string for the bare option. */
  readonly debug?: string;
}

/** After so many requests to end, the program is ended. */
const PATIENCE = 3;

export async function runImage(
  image: string,
  args: readonly string[],
  flags: RunFlags,
  context: Context,
): Promise<void> {
  const { env, run, insecure } = context;
  const abort = new AbortController();
  const signal = run.signal === undefined ? abort.signal : AbortSignal.any([run.signal, abort.signal]);
  const platform = flags.platform === undefined ? undefined : parsePlatform(flags.platform, machinePlatform());
  const access = { env, run: { ...run, signal }, insecure, ...(platform === undefined ? {} : { platform }) };
  const options = { ...optionsOf(image, args, flags, env), beforeStart: () => context.endProgress() };
  const program = await startImage(options, access);
  using _ = passSignals(program, context, abort);
  context.exit(await program.ended);
}

function passSignals(program: RunningProgram, context: Context, abort: AbortController): Disposable {
  let asked = 0;
  return context.takeSignals((name) => {
    if (name === 'SIGINT' || name === 'SIGTERM') asked++;
    if (asked >= PATIENCE) abort.abort();
    else program.signal(name);
  });
}

function optionsOf(image: string, args: readonly string[], flags: RunFlags, env: Context['env']): RunImageOptions {
  const { tty, interactive, readOnly, network, debug, user, workdir, runtime } = flags;
  const shell = debug !== undefined && flags.entrypoint === undefined && args.length === 0;
  const onTerminal = process.stdin.isTTY && process.stdout.isTTY;
  if (tty === true && !process.stdin.isTTY) {
    throw new ImageError('USAGE', 'there is no terminal to give to the program: stdin is none', {
      hint: 'leave out -t',
    });
  }
  const entrypoint =
    flags.entrypoint === undefined ? (debug === undefined ? undefined : []) : entryOf(flags.entrypoint);
  return {
    reference: image,
    args: shell ? ['sh'] : args,
    env: (flags.env ?? []).flatMap((text) => handedOn(text, env)),
    volumes: (flags.volume ?? []).map(parseVolume),
    network,
    hostname: flags.hostname ?? randomBytes(6).toString('hex'),
    readOnly: readOnly === true,
    stdin: interactive === true || shell,
    terminal: tty === true || (shell && onTerminal),
    unpackCommand: [process.execPath, process.argv[1] ?? '', 'unpack-root'],
    ...(entrypoint === undefined ? {} : { entrypoint }),
    ...(user === undefined ? {} : { user }),
    ...(workdir === undefined ? {} : { workdir }),
    ...(runtime === undefined ? {} : { runtime }),
    ...(debug === undefined ? {} : { tools: debug === '' ? {} : { reference: debug } }),
  };
}

/** The empty word clears it, as under Docker. */
function entryOf(text: string): readonly string[] {
  return text === '' ? [] : commandWords(text);
}

/** `NAME=value` as it is; a name alone with its value in this environment, or nothing where it has none. */
function handedOn(text: string, env: Context['env']): string[] {
  if (text === '' || text.startsWith('=')) {
    throw new ImageError('USAGE', `--env ${text}: the NAME is missing`, {
      hint: 'write --env NAME=VALUE or --env NAME',
    });
  }
  if (text.includes('=')) return [text];
  return env[text] === undefined ? [] : [`${text}=${env[text]}`];
}

/** `SRC:DST[:ro|rw]`; a relative SRC starts where the user is. @throws ImageError USAGE */
function parseVolume(text: string): Volume {
  const match = /^(?<source>[^:]+):(?<destination>\/[^:]*)(?::(?<mode>ro|rw))?$/.exec(text);
  const { source, destination, mode } = match?.groups ?? {};
  if (source === undefined || destination === undefined) {
    throw new ImageError('USAGE', `"${text}" is no volume`, {
      hint: 'write SRC:DST or SRC:DST:ro, with DST an absolute path in the image: --volume ./data:/data',
    });
  }
  return { source: resolve(source), destination: cleanPath(destination), readOnly: mode === 'ro' };
}
