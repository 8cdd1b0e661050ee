/** Scripts: the interpreter of the `#!` line, execve(2), and the program that env(1) starts there. @module */
import type { Requirement, Rule, Subject } from './rule.ts';

/** What a script's first line starts, in order: the interpreter, and where that is env(1), what env looks up in PATH. */
export interface Interpreter {
  /** As on the line. */
  readonly path: string;
  /** The command that env(1) starts, and its arguments; undefined where the interpreter is not env. */
  readonly command: string | undefined;
  /** Name without directory of what reads the script in the end: `sh`, `python3`. */
  readonly name: string;
  /** Arguments before the script's own path. */
  readonly args: readonly string[];
}

export const scripts: Rule = {
  name: 'scripts',
  summary: 'the interpreter of the #! line, also by way of env',
  file: async (subject) => {
    const interpreter = interpreterOf(subject.hashBang);
    if (interpreter === undefined) return [];
    const isRun = subject.use === 'program';
    const strength = isRun ? 'required' : 'suggested';
    const because = `is a script for it (#!${interpreter.path}${interpreter.command === undefined ? '' : ` ${interpreter.command}`})`;
    const wants: Requirement['want'][] = [{ kind: 'path', path: interpreter.path, use: 'program' }];
    if (interpreter.command !== undefined) wants.push({ kind: 'program', name: interpreter.command });
    return wants.map((want) => ({ want, strength, because, ...(isRun ? unmet(subject, want) : {}) }));
  },
};

function unmet({ path }: Subject, want: Requirement['want']): Pick<Requirement, 'unmet'> {
  const missing = want.kind === 'path' ? want.path : want.kind === 'program' ? `${want.name} (looked up in PATH)` : '';
  return {
    unmet: {
      code: 'script-interpreter-missing',
      message: `${path} is a script for ${missing}, which is not there: to start it fails with "no such file or directory"`,
      fix: `add the interpreter (a shell: --shell busybox), or start a program that needs none`,
    },
  };
}

/** What the kernel, and env(1) after it, make of a `#!` line: the kernel passes everything after the path as one argument. */
export function interpreterOf(hashBang: Subject['hashBang']): Interpreter | undefined {
  if (hashBang === undefined) return undefined;
  const { interpreter: path, argument } = hashBang;
  if (baseName(path) !== 'env') {
    return { path, command: undefined, name: baseName(path), args: argument === undefined ? [] : [argument] };
  }
  const [command, ...args] = envCommand(argument ?? '');
  return { path, command, name: baseName(command ?? path), args };
}

/** Long options of env(1) that take the next word as their value, where it is not joined by `=`. */
const WITH_VALUE = ['-u', '--unset', '-C', '--chdir', '-a', '--argv0'];

/** The command among the arguments of `env`, and its own: options and assignments are passed over, `-S TEXT` is split. */
function envCommand(argument: string): string[] {
  const split = /^\s*(?:-[iv0]*S|--split-string[= ])\s*(.*)$/.exec(argument);
  const words = split === null ? [argument].filter((word) => word !== '') : splitString(split[1] ?? '');
  let at = 0;
  while (at < words.length) {
    const word = words[at] ?? '';
    if (WITH_VALUE.includes(word)) at += 2;
    else if (word === '--') return words.slice(at + 1);
    else if (word.startsWith('-') || /^[A-Za-z_]\w*=/.test(word)) at += 1;
    else break;
  }
  return words.slice(at);
}

/** Words as `env -S` splits them: quotes and backslashes as in a shell, without expansions but `${NAME}`, which stays. */
function splitString(text: string): string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/g)) {
    words.push(
      word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g, (_, double, single, escaped) => double ?? single ?? escaped),
    );
  }
  return words;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
