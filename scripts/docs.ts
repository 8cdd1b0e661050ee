/** Writes `docs/reference.md`: what `pare help` prints, for every verb. `--check` compares instead. */
import type { Command } from 'commander';
import { buildProgram } from '../src/cli/program.ts';
import { generate } from './generated.ts';

const WIDTH = 110;

function helpText(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (piece) => {
      text += piece;
    },
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trim();
}

const streams = { writeOut: () => undefined, writeErr: () => undefined };
const noContext = () => {
  throw new Error('bug: no verb runs here');
};
const program = await buildProgram(() => true, noContext, streams);
const sections = program.commands.map((command) => [
  `## pare ${command.name()}`,
  '',
  '```text',
  helpText(command),
  '```',
  '',
]);
const lines = [
  '# Command reference',
  '',
  'Made from the program itself by `npm run docs`. `pare help COMMAND` prints the same.',
  '',
  '```text',
  helpText(program),
  '```',
  '',
  ...sections.flat(),
];
generate(new Map([['docs/reference.md', lines.join('\n')]]));
