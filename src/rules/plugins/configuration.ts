/**
 * What a configuration file names: modules to load, further configuration, data, the directories where logs and state go, and
 * who the program runs as. See `docs/rules/plugins.md`.
 * @module
 */
import { isGlob } from '../../base/glob.ts';
import { cleanPath, dirname, joinPath } from '../../base/path.ts';
import type { Facts, Requirement, Subject } from '../rule.ts';
import { LOADS, NAMES_GROUP, NAMES_USER, READS_IN } from './directives.ts';
import { expandGlob, pathWants } from './named-paths.ts';
import { expandVariables, parseStatements, type Statement } from './tokens.ts';
import { variablesFor } from './variables.ts';

/** Wishes of one configuration file that the program of the subject reads. */
export async function configurationWants(subject: Subject, facts: Facts): Promise<Requirement[]> {
  const text = await facts.text(subject.path);
  if (text === undefined || text.includes('\0')) return [];
  const statements = parseStatements(text);
  const variables = await variablesFor(subject, statements, facts);
  const place: Place = { subject, facts, bases: await basesOf(subject, facts), variable: variables.valueOf };
  const all: Requirement[] = [];
  for (const statement of statements) all.push(...(await statementWants(statement, place)));
  return [...all, ...variables.wants()];
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

/** `user www-data;`, `User nobody`: with one word, the group of that name as well, if there is one. */
async function accountWants(directive: string, words: readonly string[], place: Place): Promise<Requirement[]> {
  const isUser = NAMES_USER.test(directive);
  const [name, second] = words;
  if (name === undefined || !(isUser || NAMES_GROUP.test(directive))) return [];
  const because = `runs as it (${directive} ${words.join(' ')})`;
  const named: ['user' | 'group', string][] = isUser ? [['user', name]] : [['group', name]];
  const group = isUser ? (second ?? name) : undefined;
  if (group !== undefined && (await isKnown('group', group, place.facts))) named.push(['group', group]);
  const wants = named.filter(([, account]) => /^[a-z_][\w.-]*$/i.test(account));
  return Promise.all(
    wants.map(async ([kind, account]): Promise<Requirement> => {
      const known = await isKnown(kind, account, place.facts);
      const unmet = {
        code: 'data-missing',
        message: `${place.subject.path} has ${place.subject.program} run as the ${kind} ${account}, who is not known: it may not start`,
        fix: `add the ${kind} (--user ${account}), or change the configuration`,
      } as const;
      // Whom the source does not know cannot be added from it.
      const want: Requirement['want'] = known ? { kind, name: account } : { kind: 'first', of: [] };
      return { want, strength: 'recommended', because, unmet };
    }),
  );
}

async function isKnown(kind: 'user' | 'group', name: string, facts: Facts): Promise<boolean> {
  const text = await facts.text(kind === 'user' ? '/etc/passwd' : '/etc/group');
  return text?.split('\n').some((line) => line.startsWith(`${name}:`)) ?? false;
}

async function relativeWants(directive: string, word: string, place: Place): Promise<Requirement[]> {
  for (const base of place.bases) {
    const path = joinPath(base, word);
    const found = isGlob(word) ? (await expandGlob(path, place.facts)).length > 0 : await isThere(path, place.facts);
    if (found) return pathWants(directive, path, place);
  }
  return [];
}

async function isThere(path: string, facts: Facts): Promise<boolean> {
  return (await facts.files.resolve(path)).kind === 'found';
}
