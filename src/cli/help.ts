/** The whole command line at once, for what is made of it: documentation, completion. @module */
import type { Command } from 'commander';
import { buildProgram } from './program.ts';

/** Every verb that users are shown, loaded in full, with nothing behind it that could run. */
export async function wholeProgram(): Promise<Command> {
  return buildProgram(({ hidden }) => hidden !== true, runsNothing, {
    writeOut: () => undefined,
    writeErr: () => undefined,
  });
}

function runsNothing(): never {
  throw new Error('bug: this program is only looked at');
}
