/** The simple commands of a shell script, one after the other, for rules that look at what a command is told. @module */
import type { SyntaxNode, Word } from 'unbash';
import { expand } from './words.ts';
import { unwrap, wrapperOf } from './wrappers.ts';

export interface SimpleCommand {
  /** The program without its directory. */
  readonly name: string;
  /** As the program gets them; a word that only running the script could tell stands as it was written. */
  readonly args: readonly string[];
  /** Files that its output is written to. */
  readonly writes: readonly string[];
}

/** Nodes within nodes: no script of a person comes near. */
const MAX_LEVEL = 300;
/** Commands that start commands that start commands. */
const MAX_WRAPPERS = 4;

/**
 * In the order of the text, those in loops, functions and substitutions included; what starts another command (`sudo`, `env`,
 * `xargs`) is left out for the one that it starts. A script that is broken gives what could be read of it.
 */
export async function simpleCommands(text: string): Promise<readonly SimpleCommand[]> {
  const { forEachChild, parse } = await import('unbash');
  const found: SimpleCommand[] = [];
  const visit = (node: SyntaxNode, level: number): void => {
    if (level > MAX_LEVEL) return;
    if (node.type === 'Command' && node.name !== undefined) {
      const words = [node.name, ...node.args].map((word) => (word.type === 'Word' ? textOf(word) : word.text));
      const writes = node.redirects.flatMap((one) =>
        one.type === 'Redirect' && one.target !== undefined && /^&?>/.test(one.operator) ? [textOf(one.target)] : [],
      );
      const command = unwrapped(words, 0);
      if (command !== undefined) found.push({ ...command, writes });
    }
    forEachChild(node, (child) => visit(child, level + 1));
  };
  visit(parse(text), 0);
  return found;
}

/** The same of a command in exec form. */
export function simpleCommand(words: readonly string[]): SimpleCommand | undefined {
  const command = unwrapped(words, 0);
  return command === undefined ? undefined : { ...command, writes: [] };
}

function textOf(word: Word): string {
  const { texts, certain } = expand(word, new Map());
  return certain ? (texts[0] ?? '') : word.text;
}

function unwrapped(words: readonly string[], depth: number): Pick<SimpleCommand, 'name' | 'args'> | undefined {
  const [program = '', ...args] = words;
  const name = program.slice(program.lastIndexOf('/') + 1);
  const wrapper = wrapperOf(name);
  if (wrapper === undefined || depth === MAX_WRAPPERS) return name === '' ? undefined : { name, args };
  const { command } = unwrap(wrapper, args);
  return command === undefined ? { name, args } : unwrapped(args.slice(command), depth + 1);
}
