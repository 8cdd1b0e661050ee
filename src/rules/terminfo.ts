/**
 * Descriptions of terminals, terminfo(5), for processes that can talk to one. See `docs/rules/terminfo.md`.
 * @module
 */
import type { Facts, Requirement, Rule, Subject, Want } from './rule.ts';

/** Terminals that people and tools name in TERM. */
const COMMON = [
  ...['ansi', 'dumb', 'linux', 'screen', 'screen-256color', 'tmux', 'tmux-256color', 'vt100', 'vt220', 'xterm'],
  'xterm-256color',
];

export const terminfo: Rule = {
  name: 'terminfo',
  summary: 'descriptions of common terminals, for programs that use terminfo',
  file: async (subject, facts) => {
    if (subject.elf === undefined || subject.use === 'data') return [];
    const directories = await databases(subject, facts);
    if (directories.length === 0) return [];
    const named = facts.env['TERM'];
    const names = named === undefined ? COMMON : [...new Set([named, ...COMMON])];
    return names
      .filter((name) => /^[\w.+-]+$/.test(name))
      .map((name) => description(name, directories, name === named));
  },
};

/** Directories that the library was built to look into; a static program carries it. */
async function databases({ path, elf, use }: Subject, facts: Facts): Promise<string[]> {
  const isLibrary = /^lib(?:n?cursesw?|tinfow?)\.so/.test(elf?.dynamic?.soname ?? '');
  const isStatic = use === 'program' && (elf?.dynamic?.needed.length ?? 0) === 0;
  if (!isLibrary && !isStatic) return [];
  if ((await facts.mentions(path, ['TERMINFO_DIRS'])).size === 0) return [];
  const lists = (await facts.strings(path)).filter((text) => /^\/[\w./:-]*\/terminfo(?::|$)/.test(text));
  return [...new Set(lists.flatMap((list) => list.split(':')))].filter((one) => one.startsWith('/'));
}

function description(name: string, directories: readonly string[], isNamed: boolean): Requirement {
  const of: Want[] = directories.map((directory) => ({
    kind: 'path',
    path: `${directory}/${name.slice(0, 1)}/${name}`,
    use: 'data',
  }));
  const want: Want = { kind: 'first', of };
  if (!isNamed)
    return {
      want,
      strength: 'recommended',
      because: 'reads descriptions of terminals (terminfo), this is a common one',
    };
  const unmet = {
    code: 'data-missing',
    message: `the image sets TERM=${name}, and no description of that terminal is there: programs for terminals refuse to start`,
    fix: `add ${directories[0]}/${name.slice(0, 1)}/${name}, or set another TERM`,
  } as const;
  return { want, strength: 'recommended', because: `reads the description of the terminal that TERM names`, unmet };
}
