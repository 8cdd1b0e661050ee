/** From a script to the files of all modules that it loads, along @INC. @module */
import { dirname } from '../../base/path.ts';
import type { Facts } from '../rule.ts';
import { findLoads, type Loads } from './imports.ts';

const MOST_MODULES = 20_000;

export interface Loaded {
  /** The path by which Perl opens it: a directory of @INC may be a link. */
  readonly as: string;
  /** Physical path of the file that loads it first. */
  readonly from: string;
}

/** Each by physical path. */
export interface Reached {
  readonly sources: ReadonlyMap<string, Loaded>;
  /** Compiled parts. */
  readonly compiled: ReadonlyMap<string, Loaded>;
  /** Directories of functions that are loaded one by one. */
  readonly autoloaded: ReadonlyMap<string, Loaded>;
  /** Files that load modules whose names are computed. */
  readonly dynamic: readonly string[];
  /** File names that nothing was found for, with the file that loads each first. */
  readonly unresolved: ReadonlyMap<string, string>;
}

interface Module {
  readonly path: string;
  /** The directory of @INC it was found in, and its name there. */
  readonly directory: string;
  readonly name: string;
}

interface Walk {
  readonly facts: Facts;
  readonly directories: readonly string[];
  readonly sources: Map<string, Loaded>;
  readonly compiled: Map<string, Loaded>;
  readonly autoloaded: Map<string, Loaded>;
  readonly dynamic: string[];
  readonly unresolved: Map<string, string>;
  readonly names: Set<string>;
  readonly todo: Module[];
}

/**
 * @param script physical path
 * @param implicit file names below @INC that are loaded in any case, if they are there
 * @param directories of @INC, in order
 */
export async function reachModules(
  script: string,
  implicit: readonly string[],
  directories: readonly string[],
  facts: Facts,
): Promise<Reached> {
  const empty = { sources: new Map(), compiled: new Map(), autoloaded: new Map(), unresolved: new Map() };
  const walk: Walk = { facts, directories, ...empty, dynamic: [], names: new Set(), todo: [] };
  const beside = dirname(script);
  const text = (await facts.text(script)) ?? '';
  await followLoads(walk, findLoads(text), script, [...directories, beside, `${beside}/lib`, `${beside}/../lib`]);
  for (const name of implicit) await load(walk, name, script, directories);
  for (let one = walk.todo.shift(); one !== undefined && walk.sources.size < MOST_MODULES; one = walk.todo.shift()) {
    const loads = findLoads((await facts.text(one.path)) ?? '');
    await followLoads(walk, loads, one.path, directories);
    await keepParts(walk, loads, one);
  }
  return walk;
}

async function followLoads(walk: Walk, loads: Loads, from: string, places: readonly string[]): Promise<void> {
  if (loads.dynamic) walk.dynamic.push(from);
  for (const name of loads.files) {
    const found = await load(walk, name, from, places);
    if (!found && !walk.unresolved.has(name)) walk.unresolved.set(name, from);
  }
  for (const name of [...loads.named, ...(await chosenFrom(walk, loads.choices, places))])
    await load(walk, name, from, places);
}

/** All modules in these directories below @INC. */
async function chosenFrom({ facts }: Walk, choices: readonly string[], places: readonly string[]): Promise<string[]> {
  const names: string[] = [];
  for (const choice of choices) {
    for (const place of places) {
      const found = await facts.files.resolve(`${place}/${choice}`);
      const listed = found.kind === 'found' ? ((await facts.files.list(found.path)) ?? []) : [];
      names.push(...listed.filter((name) => name.endsWith('.pm')).map((name) => `${choice}/${name}`));
    }
  }
  return names;
}

/** Notes the module in the first of these directories that has it; false where none has. */
async function load(walk: Walk, name: string, from: string, places: readonly string[]): Promise<boolean> {
  if (walk.names.has(name)) return true;
  for (const directory of places) {
    const as = `${directory}/${name}`;
    const found = await walk.facts.files.resolve(as);
    if (found.kind === 'missing' || found.node.kind !== 'file') continue;
    walk.names.add(name);
    walk.sources.set(found.path, { as, from });
    walk.todo.push({ path: found.path, directory, name });
    return true;
  }
  return false;
}

/** `List/Util.pm` has its compiled part in `auto/List/Util/Util.so`, XSLoader(3perl), and functions of its own beside that. */
async function keepParts(walk: Walk, loads: Loads, { path, directory, name }: Module): Promise<void> {
  const module = name.replace(/\.p[ml]$/, '');
  const own = `${directory}/auto/${module}`;
  const object = `${own}/${module.slice(module.lastIndexOf('/') + 1)}.so`;
  if (loads.compiled) await keep(walk, object, path, walk.compiled);
  if (loads.autoloaded) await keep(walk, own, path, walk.autoloaded);
}

async function keep({ facts }: Walk, as: string, from: string, into: Map<string, Loaded>): Promise<void> {
  const found = await facts.files.resolve(as);
  if (found.kind === 'found') into.set(found.path, { as, from });
}
