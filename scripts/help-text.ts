/** Help as text, for files that are made of it. @module */
import type { Command } from 'commander';

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
