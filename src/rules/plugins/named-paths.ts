/** What a path in a configuration file asks for, by the directive in front of it and by what stands there. @module */
import { compileGlob, isGlob } from '../../base/glob.ts';
import { basename, dirname, isWithin, joinPath } from '../../base/path.ts';
import type { Facts, Requirement, Strength, Subject, Want } from '../rule.ts';
import { LOADS, NAMES_DIRECTORY, NAMES_FILE, NAMES_ROOT, READS_IN } from './directives.ts';

/** Where what changes is kept; hier(7). */
const STATE = ['/var/log', '/var/lib', '/var/cache', '/var/spool', '/var/tmp', '/var/run', '/var/lock', '/run', '/tmp'];

/** A directory of data comes as a whole up to this size; of what else a directive names, up to that. */
const ROOT_MOST = 64 * 1024 * 1024;
const OTHER_MOST = 64 * 1024;
const FILE_MOST = 16 * 1024 * 1024;
/** More entries than this in a directory count as too large. */
const ENTRIES_MOST = 20_000;

export interface Reader {
  /** The configuration file, in its program's process. */
  readonly subject: Subject;
  readonly facts: Facts;
}

/** @param path clean and absolute, perhaps with wildcards in its last name */
export async function pathWants(directive: string, path: string, place: Reader): Promise<Requirement[]> {
  if (/^\/(?:dev|proc|sys)(?:\/|$)/.test(path) || path.split('/').length < 3) return [];
  if (isGlob(path)) {
    if (!READS_IN.test(directive) && !LOADS.test(directive)) return [];
    const matches = await expandGlob(path, place.facts);
    return (await Promise.all(matches.map((match) => existing(directive, match, place)))).flat();
  }
  const found = await existing(directive, path, place);
  return found.length > 0 ? found : absent(directive, path, place);
}

/** What the pattern matches in the directory it names; wildcards in directories above the last are rare and left out. */
export async function expandGlob(pattern: string, facts: Facts): Promise<string[]> {
  const directory = dirname(pattern);
  if (isGlob(directory)) return [];
  const found = await facts.files.resolve(directory);
  const names = found.kind === 'found' ? ((await facts.files.list(found.path)) ?? []) : [];
  const fits = compileGlob(basename(pattern));
  return names.filter((name) => !name.startsWith('.') && fits(`/${name}`)).map((name) => joinPath(directory, name));
}

async function existing(directive: string, path: string, { facts }: Reader): Promise<Requirement[]> {
  const found = await facts.files.resolve(path);
  if (found.kind === 'missing') return [];
  const because = `names it (${directive} …)`;
  if (found.node.kind === 'dir') return directoryWants(directive, path, { facts, because });
  if (found.node.kind !== 'file') return [];
  if ((await facts.elf(found.path)) !== undefined) {
    if (!LOADS.test(directive)) return [{ want: { kind: 'path', path }, strength: 'suggested', because }];
    return [
      { want: { kind: 'path', path, use: 'module' }, strength: 'recommended', because: `loads it (${directive} …)` },
    ];
  }
  const isData = READS_IN.test(directive) || LOADS.test(directive) || NAMES_FILE.test(directive);
  const strength: Strength = isData && found.node.content.size <= FILE_MOST ? 'recommended' : 'suggested';
  return [{ want: { kind: 'path', path, use: 'data' }, strength, because }];
}

async function directoryWants(
  directive: string,
  path: string,
  { facts, because }: { readonly facts: Facts; readonly because: string },
): Promise<Requirement[]> {
  const found = await facts.files.resolve(path);
  if (found.kind === 'missing' || found.node.kind !== 'dir') return [];
  if (STATE.some((place) => isWithin(path, place))) {
    return [{ want: { kind: 'directory', path, info: found.node }, strength: 'recommended', because }];
  }
  // A checkout that is served must not give its history away.
  const include = (file: string) => !/\/\.(?:git|svn|hg|bzr)(?:\/|$)/.test(file);
  const want: Want = { kind: 'tree', path, include, use: 'data' };
  if (READS_IN.test(directive) && path.startsWith('/etc/')) return [{ want, strength: 'recommended', because }];
  if (NAMES_ROOT.test(directive)) {
    const fits = (await sizeUpTo(found.path, ROOT_MOST, facts)) <= ROOT_MOST;
    return [{ want, strength: fits ? 'recommended' : 'suggested', because }];
  }
  if (!NAMES_DIRECTORY.test(directive) || isShared(path)) return [];
  const fits = (await sizeUpTo(found.path, OTHER_MOST, facts)) <= OTHER_MOST;
  return [{ want, strength: fits ? 'recommended' : 'suggested', because }];
}

/** Directories of everybody's, which a configuration names to say what is allowed there. */
function isShared(path: string): boolean {
  return /^\/(?:usr|etc|var|srv|opt|home|root|lib\w*|s?bin)(?:\/(?:share|lib\w*|local|s?bin|www))?$/.test(path);
}

/** Bytes of the files below a directory, counted no further than the limit. */
async function sizeUpTo(directory: string, limit: number, facts: Facts): Promise<number> {
  let size = 0;
  let entries = 0;
  const todo = [directory];
  for (let at = todo.pop(); at !== undefined && size <= limit; at = todo.pop()) {
    for (const name of (await facts.files.list(at)) ?? []) {
      if (++entries > ENTRIES_MOST) return Number.POSITIVE_INFINITY;
      const node = await facts.files.lookup(joinPath(at, name));
      if (node?.kind === 'dir') todo.push(joinPath(at, name));
      else if (node?.kind === 'file') size += node.content.size;
    }
  }
  return size;
}

/** Logs, sockets and process ids come into being at run time: their directory has to be there. A module has to be there itself. */
async function absent(directive: string, path: string, { facts, subject }: Reader): Promise<Requirement[]> {
  if (STATE.some((place) => isWithin(path, place))) {
    const directory = dirname(path);
    const found = await facts.files.resolve(directory);
    const known = found.kind === 'found' && found.node.kind === 'dir' ? found.node : undefined;
    const info = known ?? { kind: 'dir' as const, meta: { mode: 0o755, uid: 0, gid: 0 }, mtime: 0, mtimeNs: 0 };
    const because = `puts ${basename(path)} there (${directive} …)`;
    return [{ want: { kind: 'directory', path: directory, info }, strength: 'recommended', because }];
  }
  if (!LOADS.test(directive) || !/\.so(?:\.\d+)*$/.test(path)) return [];
  return [
    {
      want: { kind: 'path', path, use: 'module' },
      strength: 'recommended',
      because: `loads it (${directive} …)`,
      unmet: {
        code: 'data-missing',
        message: `${subject.path} has ${subject.program} load ${path}, which is not there: the program does not start`,
        fix: `install the package that has it, or take the line out of ${subject.path}`,
      },
    },
  ];
}
