/**
 * The shell that a program passes commands to: by system(3) and popen(3), or by its path. See `docs/rules/shell.md`.
 * @module
 */
import type { Requirement, Rule } from './rule.ts';

const SHELL = '/bin/sh';

/** Functions of the C library that start it. */
const STARTS_SHELL = ['system', 'popen', 'wordexp', 'g_spawn_command_line_sync', 'g_spawn_command_line_async'];

/** Functions that start the program they are told to. */
const STARTS_PROGRAM =
  /^(?:exec(?:v|vp|ve|vpe|l|lp|le)|fexecve|posix_spawnp?|syscall\.forkExec|syscall\.(?:Start|Exec)Process|os\.StartProcess)$/;

export const shell: Rule = {
  name: 'shell',
  summary: 'the shell that a program passes commands to',
  file: async ({ path, use, elf }, facts) => {
    if (use !== 'program' || elf === undefined) return [];
    const symbols = await facts.symbols(path);
    const want = { kind: 'path', path: SHELL, use: 'program' } as const;
    if (
      [...symbols].some((name) => STARTS_PROGRAM.test(name)) &&
      (await facts.mentions(path, [`${SHELL}\0`])).size > 0
    ) {
      return [{ want, strength: 'recommended', because: 'starts programs and names the shell', unmet: unmet(path) }];
    }
    const called = STARTS_SHELL.find((name) => symbols.has(name));
    if (called === undefined) return [];
    return [{ want, strength: 'suggested', because: `calls ${called}, which passes a command to the shell` }];
  },
};

function unmet(path: string): NonNullable<Requirement['unmet']> {
  return {
    code: 'command-missing',
    message: `${path} passes commands to ${SHELL}, which is not there: what it starts that way fails`,
    fix: 'add a shell: --shell dash (or busybox), or --add /bin/sh',
  };
}
