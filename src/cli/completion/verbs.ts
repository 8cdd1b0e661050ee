/** The command line as completion scripts need it: verbs, their options and what their values can be. @module */
import type { Command, Option } from 'commander';
import { wholeProgram } from '../help.ts';

export interface CompletionOption {
  /** `--json`, `-q`: as typed. */
  readonly flags: readonly string[];
  readonly summary: string;
  /** `none`: a switch; `choice`: one of `choices`; `file`: whatever else. */
  readonly value: 'none' | 'choice' | 'file';
  readonly choices: readonly string[];
}

export interface CompletionVerb {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletionOption[];
  /** What its first operand can be; empty: file names and references. */
  readonly operands: readonly string[];
}

/** Every verb there is, in the order of the help; `help` and its operands included. */
export async function completionVerbs(): Promise<readonly CompletionVerb[]> {
  const verbs = (await wholeProgram()).commands.map(describe);
  const help = { name: 'help', summary: 'how to use a command', options: [], operands: verbs.map(({ name }) => name) };
  return [...verbs, help];
}

function describe(command: Command): CompletionVerb {
  const help = { flags: ['-h', '--help'], summary: 'show this help', value: 'none' as const, choices: [] };
  return {
    name: command.name(),
    summary: command.summary(),
    options: [...command.options.filter(({ hidden }) => !hidden).map(describeOption), help],
    operands: command.registeredArguments[0]?.argChoices ?? [],
  };
}

function describeOption(option: Option): CompletionOption {
  const value = !option.required && !option.optional ? 'none' : option.argChoices === undefined ? 'file' : 'choice';
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    summary: option.description,
    value,
    choices: option.argChoices ?? [],
  };
}

/** The beginnings of references, to be completed where an image is wanted. */
export const TRANSPORTS = [
  'docker://',
  'docker-archive:',
  'docker-daemon:',
  'host:',
  'oci:',
  'oci-archive:',
  'rootfs:',
  'scratch',
  'tar:',
] as const;

/** A string that a POSIX shell, zsh and fish take as one word. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
