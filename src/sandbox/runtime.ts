/** The program that makes the container: runc, or crun. @module */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageError } from '../base/errors.ts';

/** In the order of preference: older cruns refuse cgroups of both versions side by side. */
export const RUNTIMES = ['runc', 'crun'] as const;

/** Where distributions put programs for administrators: an ordinary user's PATH often lacks them. */
const ADMINISTRATIVE = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Path of a program of this machine, or undefined. */
export async function findProgram(name: string, path = process.env['PATH'] ?? ''): Promise<string | undefined> {
  if (name.includes('/')) return (await executable(name)) ? name : undefined;
  for (const directory of [...path.split(':').filter(Boolean), ...ADMINISTRATIVE]) {
    const candidate = join(directory, name);
    if (await executable(candidate)) return candidate;
  }
  return undefined;
}

async function executable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Path of the runtime to use.
 * @param wanted name or path; without one, the first that is installed
 * @throws ImageError UNAVAILABLE where there is none
 */
export async function findRuntime(wanted?: string): Promise<string> {
  const names = wanted === undefined ? RUNTIMES : [wanted];
  for (const name of names) {
    const path = await findProgram(name);
    if (path !== undefined) return path;
  }
  throw new ImageError('UNAVAILABLE', `running a program needs ${names.join(' or ')}, and this machine has none`, {
    hint: 'on Debian and Ubuntu: sudo apt-get install runc; "pare doctor" says what else is missing',
  });
}

/** Pare's own way to start a program of a build step: no runtime, and less isolation. */
export const CHROOT = 'chroot';

/**
 * What can start the programs of build steps, in the order of preference: paths of runtimes, then {@link CHROOT}.
 * @param wanted name or path: then this one alone
 * @throws ImageError UNAVAILABLE where the wanted one is not there
 */
export async function findStepRuntimes(wanted?: string): Promise<readonly [string, ...string[]]> {
  if (wanted === CHROOT) return [CHROOT];
  if (wanted !== undefined) return [await findRuntime(wanted)];
  const found = (await Promise.all(RUNTIMES.map((name) => findProgram(name)))).filter((path) => path !== undefined);
  const [first = CHROOT, ...others] = found;
  return first === CHROOT ? [CHROOT] : [first, ...others, CHROOT];
}
