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
  if (first === '--version' || first === '-V') process.stdout.write(`${version()}\n`);
  else if ((first === '--help' || first === '-h') && existsSync(HELP)) process.stdout.write(readFileSync(HELP));
  else void import('./session.ts').then(({ runSession }) => runSession(args));
}
