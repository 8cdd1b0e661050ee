/** Paths of this machine, as a user in some directory writes them. @module */
import { joinPath } from '../base/path.ts';

/** How paths in the root that `--from` names are to be read: on this machine a relative one starts where the user is. */
export function localPaths(from: string | undefined): (path: string) => string {
  return (from ?? 'host:') === 'host:' ? fromHere : (path) => path;
}

/** The same of programs: a name without a slash is looked for in PATH. */
export function localPrograms(from: string | undefined, programs: readonly string[]): readonly string[] {
  const local = localPaths(from);
  return programs.map((program) => (program.includes('/') ? local(program) : program));
}

/** Nothing at all stays nothing, which is then said to be so. */
function fromHere(path: string): string {
  return path === '' || path.startsWith('/') ? path : joinPath(process.cwd(), path);
}
