/** The git program, called so that no secret stands on a command line, which everybody on the machine can read. @module */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ImageError } from '../../base/errors.ts';
import { keepSecret, redacted } from '../../base/secrets.ts';
import type { Run } from '../../ports/run.ts';

export interface GitAccess {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A secret of the build: GIT_AUTH_TOKEN and GIT_AUTH_HEADER are for git itself, also with `.HOST` behind. */
  secret(id: string): Promise<Uint8Array | undefined>;
  /** Socket of the agent that `--ssh` lends; undefined: the user's own ssh finds its keys. */
  agent(): Promise<string | undefined>;
}

export interface GitProgram {
  /** Without a user and a password. */
  readonly remote: string;
  /** @returns what it printed, without the last line's end @throws ImageError UNAVAILABLE, NOT_FOUND */
  run(...args: readonly string[]): Promise<string>;
}

/** Settings that would make files other than they are in the repository. */
const SETTINGS = { 'core.autocrlf': 'false', 'core.symlinks': 'true', 'advice.detachedHead': 'false' };

/** What a git hook that starts us has set, and what is meant for that repository alone: git-rev-parse(1), `--local-env-vars`. */
const OF_ANOTHER =
  /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|INDEX_VERSION|PREFIX|COMMON_DIR|NAMESPACE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|QUARANTINE_PATH|GRAFT_FILE|SHALLOW_FILE|NO_REPLACE_OBJECTS|REPLACE_REF_BASE|IMPLICIT_WORK_TREE|INTERNAL_SUPER_PREFIX|CONFIG|CONFIG_PARAMETERS)$/;

/** @param directory of the repository */
export function gitProgram(directory: string, address: string, access: GitAccess, run: Run): GitProgram {
  const { remote, authorization } = withoutPassword(address);
  let env: Promise<NodeJS.ProcessEnv> | undefined;
  return {
    remote,
    run: async (...args) => {
      env ??= environment(remote, authorization, access);
      return call(directory, args, { env: await env, what: redacted(remote) }, run);
    },
  };
}

/** @returns of an address with a user and a password, the rest, and both as a header */
function withoutPassword(address: string): { readonly remote: string; readonly authorization: string | undefined } {
  if (!/^https?:/i.test(address)) return { remote: address, authorization: undefined };
  const url = new URL(address);
  const { username, password } = url;
  if (username === '') return { remote: address, authorization: undefined };
  url.username = '';
  url.password = '';
  return { remote: url.href, authorization: basic(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`) };
}

function basic(text: string): string {
  keepSecret(text);
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

async function environment(
  remote: string,
  authorization: string | undefined,
  access: GitAccess,
): Promise<NodeJS.ProcessEnv> {
  const own = Object.entries(access.env).filter(([name]) => !OF_ANOTHER.test(name));
  const header = authorization ?? (await authorizationOf(remote, access));
  const settings = Object.entries(SETTINGS);
  const agent = /^https?:/i.test(remote) ? undefined : await access.agent();
  if (agent !== undefined) own.push(['SSH_AUTH_SOCK', agent]);
  if (header !== undefined) {
    keepSecret(header);
    settings.push([`http.${new URL(remote).origin}/.extraheader`, `Authorization: ${header}`]);
  }
  const before = Number(access.env['GIT_CONFIG_COUNT'] ?? 0);
  const more = settings.flatMap(([key, value], i) => [
    [`GIT_CONFIG_KEY_${before + i}`, key],
    [`GIT_CONFIG_VALUE_${before + i}`, value],
  ]);
  const count = String(before + settings.length);
  return { ...Object.fromEntries([...own, ...more]), GIT_CONFIG_COUNT: count, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };
}

/** As buildx has them: of the host before the general ones, a whole header before a token. */
async function authorizationOf(remote: string, { secret }: GitAccess): Promise<string | undefined> {
  if (!/^https?:/i.test(remote)) return undefined;
  const { host } = new URL(remote);
  for (const suffix of [`.${host}`, '']) {
    const header = await secret(`GIT_AUTH_HEADER${suffix}`);
    if (header !== undefined) return new TextDecoder().decode(header).trim();
    const token = await secret(`GIT_AUTH_TOKEN${suffix}`);
    if (token !== undefined) return basic(`x-access-token:${new TextDecoder().decode(token).trim()}`);
  }
  return undefined;
}

interface Call {
  readonly env: NodeJS.ProcessEnv;
  readonly what: string;
}

/** Files get their permissions by the umask, and an image must not depend on the user's. */
const SCRIPT = 'umask 022 && exec git "$@"';
/** sh(1): the program was not found. */
const NOT_INSTALLED = 127;

async function call(cwd: string, args: readonly string[], { env, what }: Call, { signal }: Run): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('sh', ['-c', SCRIPT, 'git', ...args], { cwd, env, signal });
    return stdout.trimEnd();
  } catch (error) {
    signal?.throwIfAborted();
    const { code, stderr } = error as { code?: unknown; stderr?: unknown };
    if (code === NOT_INSTALLED) {
      throw new ImageError('UNAVAILABLE', `${what} is a git repository, and git is not installed here`, {
        hint: 'install git',
      });
    }
    throw new ImageError('NOT_FOUND', `git ${args[0]} of ${what} failed: ${redacted(String(stderr ?? '').trim())}`, {
      cause: error,
    });
  }
}
