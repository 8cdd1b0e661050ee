/** The completion scripts, sourced by the real shells. */
import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { machineHas } from '../e2e/needs.ts';
import { workplace } from '../images.ts';
import { pare, start } from './pare.ts';

type Shell = 'bash' | 'zsh' | 'fish';

const scripts: Partial<Record<Shell, string>> = {};

beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish'] as const) scripts[shell] = (await pare(['completion', shell])).stdout;
});

/** What each shell offers for a line with the cursor at its end. */
const DRIVERS: Readonly<Record<Shell, (script: string, line: string) => readonly string[]>> = {
  bash: (script, line) => [
    'bash',
    '--norc',
    '-c',
    `source "$0"; COMP_LINE=$1 COMP_POINT=\${#1}; _pare 2>&1; printf "%s\\n" "\${COMPREPLY[@]}"`,
    script,
    line,
  ],
  fish: (script, line) => ['fish', '--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', script, line],
  // zsh completes at its line editor only: on a terminal of its own. compadd is told to print what it is given.
  zsh: (script, line) => ['zsh', '-f', '-c', ZSH, 'zsh', script, line],
};

/** One command line after the other, each when the one before has left its mark: a busy machine takes its time. */
const ZSH = `
zmodload zsh/zpty
await() { repeat 300; do [[ -e $1 ]] && return; sleep 0.1; done; }
zpty shell zsh -f -i
zpty -w shell "PS1= ; autoload -U compinit; compinit -u -D; source '$1'; LISTMAX=9999"
zpty -w shell 'compadd() { local -a made; builtin compadd -O made "$@"; print -rl -- $made >>'$1'.out; builtin compadd "$@" }'
zpty -w shell ": >$1.ready"
await $1.ready
zpty -n -w shell $2$'\\t'
zpty -n -w shell $'\\C-u'
zpty -w shell ": >$1.done"
await $1.done
zpty -d shell
sort -u $1.out 2>/dev/null
`;

async function offers(shell: Shell, line: string): Promise<readonly string[]> {
  await using place = await workplace();
  const script = `${place.dir}/pare.${shell}`;
  await writeFile(script, scripts[shell] ?? '');
  await writeFile(`${place.dir}/some-file`, '');
  const { child, ended } = start(DRIVERS[shell](script, line), {
    cwd: place.dir,
    env: { HOME: place.dir, ...place.access.env },
  });
  child.stdin?.end();
  const { stdout } = await ended;
  return stdout.split('\n').map((offer) => offer.split('\t')[0]?.trim() ?? '');
}

// zsh is typed at: on a busy machine a key can come before the line editor is there.
describe.each(['bash', 'fish', 'zsh'] as const)('%s', { retry: 2 }, (shell) => {
  const has = machineHas({ programs: [shell] });

  test.runIf(has)('verbs', async () => {
    expect(await offers(shell, 'pare ')).toEqual(expect.arrayContaining(['pack', 'run', 'doctor', 'help']));
    const some = await offers(shell, 'pare his');
    expect(some).toContain('history');
    expect(some).not.toContain('run');
    expect(await offers(shell, 'pare ')).not.toContain('unpack-root');
  });

  test.runIf(has)('options of the verb', async () => {
    const options = await offers(shell, 'pare run --read');
    expect(options.some((option) => option.startsWith('--read-only'))).toBe(true);
    expect(options.some((option) => option.startsWith('--json'))).toBe(false);
  });

  test.runIf(has)('values of an option, and of an operand', async () => {
    expect(await offers(shell, 'pare run --network ')).toEqual(expect.arrayContaining(['host', 'none']));
    expect(await offers(shell, 'pare completion ')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
  });

  test.runIf(has)('where an image is wanted: files, and beginnings of references', async () => {
    const all = await offers(shell, 'pare inspect ');
    expect(all).toContain('some-file');
    expect(all).toContain('oci:');
  });
});
