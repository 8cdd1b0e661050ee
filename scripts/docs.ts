/** Writes `docs/reference.md`: what `pare help` prints, for every verb. `--check` compares instead. */
import { wholeProgram } from '../src/cli/help.ts';
import { generate } from './generated.ts';
import { helpText } from './help-text.ts';

const WIDTH = 110;

const program = await wholeProgram();
const block = (text: string) => ['```text', text, '```', ''];
const lines = [
  '# Command reference',
  '',
  'Made from the program itself by `npm run docs`. `pare help COMMAND` prints the same.',
  '',
  ...block(helpText(program, WIDTH)),
  ...program.commands.flatMap((command) => [`## pare ${command.name()}`, '', ...block(helpText(command, WIDTH))]),
];
generate(new Map([['docs/reference.md', lines.join('\n')]]));
