/** What the rules of interpreted languages share: which file carries an interpreter, and which script the image starts. @module */
import { joinPath } from '../base/path.ts';
import { loadProgram } from '../loader/load.ts';
import { findProgram } from './programs.ts';
import type { Facts } from './rule.ts';
import { interpreterOf } from './scripts.ts';

/** Words that an interpreter, or the library that makes a program one, has all of, and hardly any other program has. */
const MARKS = {
  python: ['PYTHONHOME', 'lib-dynload', 'pyvenv.cfg'],
  perl: ['PERL5LIB', '@INC', "Can't locate %"],
  node: ['NODE_OPTIONS', 'node_modules', 'NODE_PATH'],
} as const;

/** Whether the ELF file is or carries an interpreter of this language. */
export async function carries(language: keyof typeof MARKS, path: string, facts: Facts): Promise<boolean> {
  // All at once: whoever asks for the next language finds the answer known.
  const found = await facts.mentions(path, Object.values(MARKS).flat());
  return MARKS[language].every((mark) => found.has(mark));
}

export interface EntryScript {
  /** Physical path. */
  readonly script: string;
  /** The interpreter as the image's command names it; undefined where the script is started by its own first line. */
  readonly interpreter: string | undefined;
}

/** Options of interpreters that take the next word as their value. */
const WITH_VALUE = /^-(?:[WXIMmr]|-require|-import|-loader)$/;
/** After these there is no script: a program text, or a module's name. */
const NO_SCRIPT = /^-(?:[cempE]|-eval|-print)/;

/** The script that the image's command starts in an interpreter of this name, if it does so and the source has the script. */
export async function runsScriptOf(interpreter: RegExp, facts: Facts): Promise<EntryScript | undefined> {
  const [first, ...words] = [...(facts.config.Entrypoint ?? []), ...(facts.config.Cmd ?? [])];
  if (first === undefined) return undefined;
  const workdir = facts.config.WorkingDir;
  const found = await findProgram(facts.files, first, { path: facts.env['PATH'] ?? '', workdir });
  const line = found.found ? await firstLine(found.path, facts) : undefined;
  if (found.found && line !== undefined) {
    return interpreter.test(line) ? { script: found.path, interpreter: undefined } : undefined;
  }
  if (!interpreter.test(first.slice(first.lastIndexOf('/') + 1))) return undefined;
  const word = firstOperand(words);
  if (word === undefined) return undefined;
  const script = await facts.files.resolve(joinPath(`/${workdir ?? ''}`, word));
  const isFile = script.kind === 'found' && script.node.kind === 'file';
  return isFile ? { script: script.path, interpreter: first } : undefined;
}

function firstOperand(words: readonly string[]): string | undefined {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (NO_SCRIPT.test(word) && !WITH_VALUE.test(word)) return undefined;
    if (word === '-m') return undefined;
    if (WITH_VALUE.test(word)) at++;
    else if (!word.startsWith('-')) return word;
  }
  return undefined;
}

/** The name of what reads the script; undefined for what is no script. */
async function firstLine(path: string, facts: Facts): Promise<string | undefined> {
  if ((await facts.elf(path)) !== undefined) return undefined;
  const line = /^#![ \t]*(\S+)(?:[ \t]+(\S[^\n]*?))?[ \t]*$/m.exec(((await facts.text(path)) ?? '').slice(0, 256));
  if (line?.[1] === undefined || line.index !== 0) return undefined;
  return interpreterOf({ interpreter: line[1], argument: line[2] })?.name;
}

/** Physical path of the library that the program starts with and whose name fits; of the program itself where there is none. */
export async function carrierOf(program: string, library: RegExp, facts: Facts): Promise<string> {
  if (!(await facts.elf(program))?.dynamic?.needed.some((name) => library.test(name))) return program;
  const { objects } = await loadProgram(facts.files, program, { env: facts.env, cpu: facts.cpu, cache: facts.loader });
  return objects.find(({ name }) => library.test(name))?.realPath ?? program;
}
