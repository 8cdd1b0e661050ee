/** Checks of a stage's instructions, which need to know what was said before. @module */
import { ImageError } from '../../../base/errors.ts';
import { expandWords } from '../expand.ts';
import { parseGitReference } from '../git.ts';
import type {
  AddInstruction,
  CmdInstruction,
  CopyInstruction,
  EntrypointInstruction,
  EnvInstruction,
  Instruction,
  LabelInstruction,
  Stage,
  Word,
} from '../types.ts';
import { globalsOf } from './from.ts';
import type { LintContext } from './report.ts';
import { checkVariables, expandOrNothing, learn, type State, stateOf } from './variables.ts';

export function checkInstructions(context: LintContext): void {
  const { file, options } = context;
  const globals = globalsOf(file, options.buildArgs ?? new Map());
  const states: State[] = [];
  for (const stage of file.stages) {
    const state = stateOf(context, stage, states, globals);
    states.push(state);
    checkOnce(context, stage);
    for (const instruction of stage.instructions) {
      checkVariables(context, instruction, state);
      checkOne(context, instruction, state);
      learn(context, instruction, state, globals);
    }
  }
}

/** Only the last one of a kind counts, so the earlier ones are what is wrong. */
function checkOnce({ report }: LintContext, { instructions }: Stage): void {
  for (const kind of ['cmd', 'entrypoint', 'healthcheck'] as const) {
    const all = instructions.filter((one) => one.kind === kind);
    for (const { keyword } of all.slice(0, -1)) {
      const message = `another ${keyword.text.toUpperCase()} further down takes the place of this one`;
      report('MultipleInstructionsDisallowed', keyword.range, message);
    }
  }
}

function checkOne(context: LintContext, instruction: Instruction, state: State): void {
  switch (instruction.kind) {
    case 'cmd':
    case 'entrypoint':
      checkForm(context, instruction, state);
      break;
    case 'maintainer': {
      const message = 'a label (org.opencontainers.image.authors) does what MAINTAINER did';
      context.report('MaintainerDeprecated', instruction.range, message);
      break;
    }
    case 'env':
      checkLegacy(context, instruction);
      for (const { name } of instruction.assignments) checkSecret(context, 'ENV', name);
      break;
    case 'label':
      checkLegacy(context, instruction);
      break;
    case 'arg':
      for (const { name } of instruction.args) checkSecret(context, 'ARG', name);
      break;
    case 'workdir':
      checkWorkdir(context, instruction.path, state);
      break;
    case 'expose':
      for (const word of instruction.ports) checkPort(context, word, state);
      break;
    case 'copy':
    case 'add':
      checkSources(context, instruction, state);
      break;
    default:
  }
}

/** A shell that the file itself asks for is meant. */
function checkForm(
  { report }: LintContext,
  { keyword, range, command }: CmdInstruction | EntrypointInstruction,
  { hasShell }: State,
): void {
  if (command.form === 'exec' || hasShell) return;
  const isMeantAsJson = command.script.text.startsWith('[');
  const why = isMeantAsJson
    ? 'begins with [ and is no JSON, so that a shell runs it as it stands: JSON has double quotes, and commas between words'
    : 'in shell form keeps signals from the program';
  report('JSONArgsRecommended', range, `${keyword.text} ${why}`);
}

function checkLegacy({ report }: LintContext, { keyword, range, legacy }: EnvInstruction | LabelInstruction): void {
  const name = keyword.text;
  if (legacy) report('LegacyKeyValueFormat', range, `"${name} NAME=VALUE" is clearer than "${name} NAME VALUE"`);
}

function checkWorkdir({ file, report }: LintContext, { text, range }: Word, state: State): void {
  const path = expandOrNothing(text, state, file.directives.escape);
  if (path === undefined || state.hasWorkdir || /^(?:[/\\]|[a-z]:)/i.test(path)) return;
  report('WorkdirRelativePath', range, `'${path}' depends on the working directory of the base image`);
}

const SECRET = /(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/i;
const NO_SECRET = /(?:_|^)(?:public|file|version)(?:_|$)/i;

function checkSecret({ report }: LintContext, instruction: string, { text, range }: Word): void {
  if (!SECRET.test(text) || NO_SECRET.test(text)) return;
  report(
    'SecretsUsedInArgOrEnv',
    range,
    `${instruction} ${text} stays in the image for all to see: use RUN --mount=type=secret`,
  );
}

function checkPort({ file, report }: LintContext, { text, range }: Word, { variables }: State): void {
  let ports: string[] = [];
  try {
    ports = expandWords(text, (name) => variables.get(name), { escape: file.directives.escape });
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
  }
  for (const port of ports) {
    if (port.includes(':'))
      report('ExposeInvalidFormat', range, `EXPOSE takes no address and no port of the host, found '${port}'`);
    const protocol = port.split('/')[1] ?? '';
    if (protocol !== protocol.toLowerCase())
      report('ExposeProtoCasing', range, `the protocol '${protocol}' should be in lower case`);
  }
}

/** What an exception of .dockerignore may bring back is not judged. */
function checkSources(context: LintContext, instruction: CopyInstruction | AddInstruction, state: State): void {
  const { ignore } = context.options;
  if (ignore === undefined || ignore.hasExceptions || (instruction.kind === 'copy' && instruction.from !== undefined))
    return;
  for (const source of instruction.sources) {
    if (source.kind !== 'path') continue;
    const text = expandOrNothing(source.word.text, state, context.file.directives.escape);
    if (text === undefined || isRemote(text)) continue;
    const path = text
      .split('/')
      .filter((name) => name !== '' && name !== '.')
      .join('/');
    if (path === '' || !ignore.matches(path)) continue;
    const message = `.dockerignore leaves out '${path}', so that it cannot be copied`;
    context.report('CopyIgnoredFile', source.word.range, message);
  }
}

function isRemote(text: string): boolean {
  if (/^https?:\/\//.test(text)) return true;
  try {
    return parseGitReference(text)?.looksLocal === false;
  } catch (error) {
    if (error instanceof ImageError) return true;
    throw error;
  }
}
