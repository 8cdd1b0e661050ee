/**
 * What a configuration file names: modules to load, further configuration, data, the directories where logs and state go, and
 * who the program runs as. See `docs/rules/plugins.md`.
 * @module
 */

import { compileGlob, isGlob } from '../../base/glob.ts';
import { basename, cleanPath, dirname, isWithin, joinPath } from '../../base/path.ts';
import type { Facts, Requirement, Strength, Subject, Want } from '../rule.ts';
import { expandVariables, parseAssignments, parseStatements, type Statement } from './tokens.ts';

/** Where what changes is kept; hier(7). */
const STATE = ['/var/log', '/var/lib', '/var/cache', '/var/spool', '/var/tmp', '/var/run', '/var/lock', '/run', '/tmp'];

const READS_IN = /include|conf(?:ig)?(?:file|dir|_file|_dir)?$|^source/;
const LOADS = /load|module|plugin|engine|driver|library/;
const NAMES_FILE = /file|path|types|cert|dict|map|template/;
const NAMES_ROOT = /^(?:root|documentroot|docroot|document-root|server\.document-root|webroot|htdocs)$/;
const NAMES_USER = /^(?:user|username|runas|run_as|run-as|run_as_user|setuid|server\.username)$/;
const NAMES_GROUP = /^(?:group|groupname|run_as_group|setgid|server\.groupname)$/;

/** A directory of data comes as a whole up to this size; of what else a directive names, up to that. */
const ROOT_MOST = 64 * 1024 * 1024;
const OTHER_MOST = 64 * 1024;
const FILE_MOST = 16 * 1024 * 1024;

/** Wishes of one configuration file that the program of the subject reads. */
export async function configurationWants(subject: Subject, facts: Facts): Promise<Requirement[]> {
  const text = await facts.text(subject.path);
  if (text === undefined || text.includes('\0')) return [];
  const statements = parseStatements(text);
  const place: Place = {
    subject,
    facts,
    bases: await basesOf(subject, facts),
    variable: await variables(subject, statements, facts),
  };
  const all: Requirement[] = [];
  for (const statement of statements) all.push(...(await statementWants(statement, place)));
  return all;
}

interface Place {
  readonly subject: Subject;
  readonly facts: Facts;
  /** Directories that relative paths may start at. */
  readonly bases: readonly string[];
  readonly variable: (name: string) => string | undefined;
}

/** The file's own directory, and directories that the program names: its prefix, its directory of configuration. */
async function basesOf({ path, program }: Subject, facts: Facts): Promise<string[]> {
  const own = dirname(path);
  const named = (await facts.strings(program)).filter((text) => /^\/(?:etc|usr|opt|var)\/[\w./+-]+$/.test(text));
  const bases = [own];
  for (const text of named) {
    const directory = cleanPath(text);
    const found = await facts.files.resolve(directory);
    if (found.kind === 'found' && found.node.kind === 'dir' && !bases.includes(directory)) bases.push(directory);
  }
  return bases;
}

/** The image's environment first, then what the file defines itself, then the file of variables beside it. */
async function variables(
  { path }: Subject,
  statements: readonly Statement[],
  facts: Facts,
): Promise<Place['variable']> {
  const defined = new Map(
    statements
      .filter(({ directive, values }) => directive === 'define' && values.length === 2)
      .map(({ values }) => [values[0], values[1]]),
  );
  let beside = new Map<string, string>();
  for (const directory of [dirname(path), dirname(dirname(path))]) {
    const text = await facts.text(joinPath(directory, 'envvars'));
    if (text !== undefined && beside.size === 0) beside = parseAssignments(text);
  }
  return (name) => facts.env[name] ?? defined.get(name) ?? beside.get(name);
}

async function statementWants({ directive, values }: Statement, place: Place): Promise<Requirement[]> {
  if (directive === 'define') return [];
  const words = values.map((word) => expandVariables(word, place.variable)).filter((word) => word !== undefined);
  const accounts = await accountWants(directive, words, place);
  if (accounts.length > 0) return accounts;
  const all: Requirement[] = [];
  for (const word of words) {
    if (word.startsWith('/')) all.push(...(await pathWants(directive, cleanPath(word), place)));
    else if ((READS_IN.test(directive) || LOADS.test(directive)) && /[./]/.test(word)) {
      all.push(...(await relativeWants(directive, word, place)));
    }
  }
  return all;
}

/** `user www-data;`, `User nobody`: only accounts that the source has. */
async function accountWants(directive: string, words: readonly string[], { facts }: Place): Promise<Requirement[]> {
  const isUser = NAMES_USER.test(directive);
  const [name, second] = words;
  if (name === undefined || !(isUser || NAMES_GROUP.test(directive))) return [];
  const because = `runs as it (${directive} ${words.join(' ')})`;
  const wants: ['user' | 'group', string][] = isUser
    ? [
        ['user', name],
        ['group', second ?? name],
      ]
    : [['group', name]];
  const all: Requirement[] = [];
  for (const [kind, account] of wants) {
    if (!/^[a-z_][\w.-]*\$?$/i.test(account) || !(await isKnown(kind, account, facts))) continue;
    const unmet = {
      code: 'data-missing',
      message: `the configuration names the ${kind} ${account}, who is not known in the image: the program may not start`,
      fix: `add the ${kind}: --user ${account}, or change the configuration`,
    } as const;
    all.push({ want: { kind, name: account }, strength: 'recommended', because, unmet });
  }
  return all;
}

/** In a finished image nobody else can tell whether the name is one: there it counts as known. */
async function isKnown(kind: 'user' | 'group', name: string, facts: Facts): Promise<boolean> {
  const text = await facts.text(kind === 'user' ? '/etc/passwd' : '/etc/group');
  return text === undefined || text.split('\n').some((line) => line.startsWith(`${name}:`));
}

async function relativeWants(directive: string, word: string, place: Place): Promise<Requirement[]> {
  for (const base of place.bases) {
    const path = joinPath(base, word);
    const found = isGlob(word) ? (await expand(path, place.facts)).length > 0 : await isThere(path, place.facts);
    if (found) return pathWants(directive, path, place);
  }
  return [];
}

async function isThere(path: string, facts: Facts): Promise<boolean> {
  return (await facts.files.resolve(path)).kind === 'found';
}

async function pathWants(directive: string, path: string, place: Place): Promise<Requirement[]> {
  if (/^\/(?:dev|proc|sys)(?:\/|$)/.test(path) || path.split('/').length < 3) return [];
  if (isGlob(path)) {
    if (!READS_IN.test(directive) && !LOADS.test(directive)) return [];
    const matches = await expand(path, place.facts);
    return (await Promise.all(matches.map((match) => existing(directive, match, place)))).flat();
  }
  const found = await existing(directive, path, place);
  return found.length > 0 ? found : absent(directive, path, place);
}

/** What the pattern matches in the directory it names; wildcards in directories above the last are rare and left out. */
async function expand(pattern: string, facts: Facts): Promise<string[]> {
  const directory = dirname(pattern);
  if (isGlob(directory)) return [];
  const found = await facts.files.resolve(directory);
  const names = found.kind === 'found' ? ((await facts.files.list(found.path)) ?? []) : [];
  const fits = compileGlob(basename(pattern));
  return names.filter((name) => !name.startsWith('.') && fits(`/${name}`)).map((name) => joinPath(directory, name));
}

async function existing(directive: string, path: string, { facts }: Place): Promise<Requirement[]> {
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
  const want: Want = { kind: 'tree', path, use: 'data' };
  if (READS_IN.test(directive) && path.startsWith('/etc/')) return [{ want, strength: 'recommended', because }];
  if (NAMES_ROOT.test(directive)) {
    const fits = (await sizeUpTo(found.path, ROOT_MOST, facts)) <= ROOT_MOST;
    return [{ want, strength: fits ? 'recommended' : 'suggested', because }];
  }
  if (!/alias|dir|path|root/.test(directive) || /^\/?directory/.test(directive) || isShared(path)) return [];
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
  const todo = [directory];
  for (let at = todo.pop(); at !== undefined && size <= limit; at = todo.pop()) {
    for (const name of (await facts.files.list(at)) ?? []) {
      const node = await facts.files.lookup(joinPath(at, name));
      if (node?.kind === 'dir') todo.push(joinPath(at, name));
      else if (node?.kind === 'file') size += node.content.size;
    }
  }
  return size;
}

/** Logs, sockets and process ids come into being at run time: their directory has to be there. A module has to be there itself. */
async function absent(directive: string, path: string, { facts, subject }: Place): Promise<Requirement[]> {
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
