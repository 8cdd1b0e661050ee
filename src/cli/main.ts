/**
 * The entry point of the command line. What is asked for most often while nothing is done, `--version` and `--help`, is
 * answered without loading anything else.
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { version } from './version.ts';

/** Written by the build, beside the bundle: what `pare --help` prints. */
const HELP = new URL('./help.txt', import.meta.url);

/** Runs the command line of this process and sets its exit status. Never throws. */
export function main(args: readonly string[] = process.argv.slice(2)): void {
  const [first] = args;
  if (first === '--version' || first === '-V') say(`${version()}\n`);
  else if ((first === '--help' || first === '-h') && existsSync(HELP)) say(readFileSync(HELP));
  else void import('./session.ts').then(({ runSession }) => runSession(args));
}

/** As the output of a session does: quiet where the reader has gone, and clear where the disk is full. */
function say(text: string | Uint8Array): void {
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') return;
    process.stderr.write(`pare: cannot write standard output: ${message}\n  hint: look at where it is sent to\n`);
    process.exitCode = 3;
  });
  process.stdout.write(text);
}
