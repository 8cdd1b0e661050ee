/**
 * Commands that start another command, given to them as arguments: how to find it behind their options. The forms are
 * those of their manual pages.
 * @module
 */

export interface Wrapper {
  /** Short options that take a value. */
  readonly short?: string;
  /** Long options that take the next word as their value. */
  readonly long?: readonly string[];
  /** Operands between the options and the command: a duration, a user, a lock file. */
  readonly operands?: number;
  /** `NAME=value` words may stand before the command. */
  readonly assignments?: boolean;
  /** Where the name of a user stands: an option's letter, or `operand`. */
  readonly user?: string;
  /** The option whose value is a text for a shell. */
  readonly script?: string;
  /** What follows the operands is no command but arguments of a shell. */
  readonly onlyScript?: true;
}

/** By the command's name without its directory. */
const WRAPPERS: Readonly<Record<string, Wrapper>> = {
  catatonit: { short: 'F' },
  chpst: { short: 'uUbenmdopfcrt/', user: 'u' },
  chroot: { operands: 1, long: ['--userspec', '--groups'] },
  chrt: { short: 'TPDp', operands: 1 },
  doas: { short: 'uC', user: 'u', assignments: true },
  'dumb-init': { short: 'r', long: ['--rewrite'] },
  env: { short: 'uCSa', long: ['--unset', '--chdir', '--split-string', '--argv0'], assignments: true },
  fakeroot: { short: 'lsibu' },
  flock: { short: 'wEc', long: ['--timeout', '--conflict-exit-code', '--command'], operands: 1, script: 'c' },
  gosu: { operands: 1, user: 'operand' },
  ionice: { short: 'cnpPu', long: ['--class', '--classdata'] },
  nice: { short: 'n', long: ['--adjustment'] },
  nohup: {},
  numactl: { short: 'NmiCp' },
  runuser: { short: 'ugGcs', long: ['--user', '--group', '--command', '--shell'], user: 'u', script: 'c' },
  's6-setuidgid': { operands: 1, user: 'operand' },
  setarch: { operands: 1 },
  setpriv: {
    long: [
      '--reuid',
      '--regid',
      '--groups',
      '--inh-caps',
      '--ambient-caps',
      '--bounding-set',
      '--securebits',
      '--pdeathsig',
    ],
  },
  setsid: {},
  setuidgid: { operands: 1, user: 'operand' },
  stdbuf: { short: 'ioe', long: ['--input', '--output', '--error'] },
  su: {
    short: 'cgGsw',
    long: ['--command', '--group', '--shell'],
    operands: 1,
    user: 'operand',
    script: 'c',
    onlyScript: true,
  },
  'su-exec': { operands: 1, user: 'operand' },
  sudo: {
    short: 'ugpCDRTUtrh',
    long: ['--user', '--group', '--prompt', '--chdir', '--host'],
    user: 'u',
    assignments: true,
  },
  taskset: { short: 'p', operands: 1 },
  time: { short: 'fo', long: ['--format', '--output'] },
  timeout: { short: 'ks', long: ['--kill-after', '--signal'], operands: 1 },
  tini: { short: 'pe' },
  unshare: {
    short: 'SGRw',
    long: ['--setuid', '--setgid', '--root', '--wd', '--map-user', '--map-group', '--propagation'],
  },
  watch: { short: 'n', long: ['--interval'] },
  xargs: {
    short: 'adEILnPs',
    long: ['--arg-file', '--delimiter', '--max-args', '--max-lines', '--max-procs', '--replace', '--max-chars'],
  },
};

export function wrapperOf(name: string): Wrapper | undefined {
  return Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
}

/** Whether the command of that name may start what stands among its arguments. */
export function startsOthers(name: string): boolean {
  return wrapperOf(name) !== undefined || name === 'busybox' || name === 'find';
}

/** A word of the command line: its text, or undefined where it is not known. */
export type Argument = string | undefined;

export interface Wrapped {
  /** Index of the command among the arguments; undefined where there is none. */
  readonly command: number | undefined;
  readonly user: Argument;
  readonly script: Argument;
}

/** Finds the command that a wrapper starts. A word that is not known is taken for an operand. */
export function unwrap(wrapper: Wrapper, args: readonly Argument[]): Wrapped {
  const { operands = 0, assignments = false } = wrapper;
  const values = new Map<string, Argument>();
  const passed: Argument[] = [];
  let at = 0;
  let options = true;
  while (at < args.length) {
    const word = args[at] ?? '';
    if (options && word === '--') options = false;
    else if (options && word.startsWith('-')) at += readOption(wrapper, args, { at, values });
    else if (!assignments || !/^[A-Za-z_]\w*=/.test(word)) {
      if (passed.length === operands) break;
      passed.push(args[at]);
    }
    at++;
  }
  const { user, script } = wrapper;
  return {
    command: at < args.length && wrapper.onlyScript !== true ? at : undefined,
    user: user === 'operand' ? passed[0] : user === undefined ? undefined : values.get(user),
    script: script === undefined ? undefined : values.get(script),
  };
}

/** Notes the value of an option; says how many more words it takes. */
function readOption(
  { short = '', long = [] }: Wrapper,
  args: readonly Argument[],
  { at, values }: { readonly at: number; readonly values: Map<string, Argument> },
): 0 | 1 {
  const word = args[at] ?? '';
  const [name = '', ...rest] = word.split('=');
  if (word.startsWith('--')) {
    const takesNext = rest.length === 0 && long.includes(name);
    values.set(asLetter(name), takesNext ? args[at + 1] : rest.join('='));
    return takesNext ? 1 : 0;
  }
  const letters = word.slice(1);
  const index = [...letters].findIndex((letter) => short.includes(letter));
  if (index < 0) return 0;
  const value = letters.slice(index + 1);
  values.set(letters[index] ?? '', value === '' ? args[at + 1] : value);
  return value === '' ? 1 : 0;
}

/** Long options that mean the same as a letter. */
function asLetter(option: string): string {
  return option === '--user' ? 'u' : option === '--command' ? 'c' : option;
}
