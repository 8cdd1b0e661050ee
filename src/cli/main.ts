/**
 * The entry point of the command line. What is asked for most often while nothing is done, `--version`, is answered without
 * loading anything else.
 * @module
 */
import { version } from './version.ts';

/** Runs the command line of this process and sets its exit status. Never throws. */
export function main(args: readonly string[] = process.argv.slice(2)): void {
  if (args[0] === '--version' || args[0] === '-V') {
    process.stdout.write(`${version()}\n`);
    return;
  }
  void import('./session.ts').then(({ runSession }) => runSession(args));
}
