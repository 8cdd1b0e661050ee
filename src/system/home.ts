/** Where a user keeps configuration. @module */
import { homedir } from 'node:os';

export type Environment = Readonly<Record<string, string | undefined>>;

/** `$HOME`, else what the system's list of users says. */
export function homeDirectory(env: Environment): string {
  return env['HOME'] || homedir();
}

/** `$XDG_CONFIG_HOME`, else `~/.config`; a relative path is ignored, as the XDG specification wants. */
export function configHome(env: Environment): string {
  const own = env['XDG_CONFIG_HOME'];
  return own?.startsWith('/') ? own : `${homeDirectory(env)}/.config`;
}
