/**
 * What kept a sandbox from starting its program, from what unshare, mount and the runtime say.
 * @module
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { ImageError, systemCode } from '../base/errors.ts';
import { SandboxError } from '../ports/sandbox.ts';
import type { Standing } from './namespace.ts';

/**
 * A namespace could not be entered, or what was to be done in it failed.
 * @param doing as "cannot mount the root filesystem"
 * @param said by the programs that tried
 */
export function namespaceFailure(doing: string, said: string, who: Standing): ImageError {
  if (who === 'user' && /newuidmap|newgidmap|sub[ug]id|[ug]id_map/.test(said)) {
    return new ImageError('UNAVAILABLE', `${doing} as an ordinary user, who has no range of ids here: ${said}`, {
      hint:
        'newuidmap (Debian: uidmap) and ranges for the user are needed:\n' +
        'sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER"',
    });
  }
  return new ImageError('UNAVAILABLE', `${doing} ${who === 'user' ? 'as an ordinary user' : 'as root'}: ${said}`, {
    hint: '"pare doctor" says what this machine offers',
  });
}

interface LogLine {
  readonly level?: string;
  readonly msg?: string;
}

/**
 * What the runtime logged as an error, if it did: then it was not the program that failed.
 * @param seen whether the user has read it: the runtime says it on stderr as well
 */
export async function runtimeFailure(log: string, runtime: string, seen = false): Promise<ImageError | undefined> {
  const errors = (await logLines(log)).filter(({ level }) => level === 'error');
  const message = errors.at(-1)?.msg;
  if (message === undefined) return undefined;
  const said = `${basename(runtime)} could not start the program${seen ? ', and has said why' : `: ${message}`}`;
  if (/executable file not found|exec:?.*no such file or directory/i.test(message)) return new SandboxError(127, said);
  if (/exec:?.*(permission denied|is a directory)/i.test(message)) return new SandboxError(126, said);
  if (/exec:?.*exec format error/i.test(message)) return new SandboxError(126, said, { hint: OTHER_MACHINE });
  return new ImageError('UNAVAILABLE', said, { hint: hintFor(message) });
}

const OTHER_MACHINE =
  'programs of another machine are run by qemu: on Debian and Ubuntu, sudo apt-get install qemu-user-static; "pare doctor" shows what there is';

function hintFor(message: string): string {
  if (/hybrid/.test(message)) return 'this crun cannot work with cgroups of both versions: install runc';
  return '"pare doctor" says what this machine offers';
}

async function logLines(path: string): Promise<readonly LogLine[]> {
  try {
    const text = await readFile(path, 'utf8');
    return text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as LogLine] : []));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
