/** The whole help as text, for files that are made of it. @module */
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

/** What `pare help COMMAND` prints, or `pare --help` of the program itself, without colours. */
export function helpText(command: Command, width: number): string {
  let text = '';
  command.configureOutput({
    writeOut: (piece) => {
      text += piece;
    },
    getOutHelpWidth: () => width,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trim();
}
