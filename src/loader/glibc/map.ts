/** Mapping an object and what it needs: `_dl_map_object`, `_dl_map_object_from_fd` and `_dl_map_object_deps` of glibc. @module */
import { PT } from '../../formats/elf/constants.ts';
import type { Elf } from '../../formats/elf/types.ts';
import type { LoadedObject, MissingObject, Via } from '../types.ts';
import { type GlibcProcess, LoaderFailure, type Mapped, type Opened } from './process.ts';
import { type Search, search, tokensOf } from './search.ts';
import { expandTokens, hasTokens } from './tokens.ts';

const ET_EXEC = 2;
/** The smallest page of any machine: what is aligned to no more may still fail where pages are larger. */
const PAGE = 4096;
const DF_1_NOOPEN = 0x40;
const DF_1_PIE = 0x08000000;
const LEVEL = /\/glibc-hwcaps\/([^/]+)\/[^/]+$/;

export interface Request {
  readonly name: string;
  readonly via: Via;
  readonly by: Mapped | undefined;
  /** What l_loader becomes; absent for dlopen(3), where the caller only lends its search path. */
  readonly loader: Mapped | undefined;
}

/** The object that bears the name already, or is found and mapped now; the search that failed where there is none. */
export async function mapObject(process: GlibcProcess, request: Request): Promise<Mapped | Search> {
  const loaded = process.chain.find((one) => bearsName(one, request.name));
  if (loaded !== undefined) return loaded;
  const result = await search(process, request.by, request.name);
  if (result.found === undefined) return result;
  const { file, foundBy } = result.found;
  const same = process.chain.find((one) => one.identity !== undefined && one.identity === file.identity);
  if (same !== undefined) {
    same.names.add(request.name);
    return same;
  }
  refuse(file, request.via);
  const level = LEVEL.exec(file.path)?.[1];
  const mapped = newObject(process, file, request.loader, [request.name], {
    name: request.name,
    by: request.by?.facts.realPath,
    via: request.via,
    foundBy,
    tried: result.tried,
    ...(level === undefined ? {} : { level }),
  });
  process.chain.push(mapped);
  return mapped;
}

/** Name it was opened by, a name it was asked for by, or its soname: then the name counts from now on. */
function bearsName(object: Mapped, name: string): boolean {
  if (object.path === name || object.names.has(name)) return true;
  if (object.elf.dynamic?.soname !== name) return false;
  object.names.add(name);
  return true;
}

type Facts = Pick<LoadedObject, 'name' | 'by' | 'via' | 'foundBy' | 'tried' | 'level'>;

export function newObject(
  process: GlibcProcess,
  file: Opened,
  loader: Mapped | undefined,
  names: readonly string[],
  facts: Facts,
): Mapped {
  const { path, realPath, hops, elf, identity } = file;
  const absolute = path.startsWith('/') ? path : `${process.cwd === '/' ? '' : process.cwd}/${path}`;
  const origin = absolute.slice(0, Math.max(1, absolute.lastIndexOf('/')));
  return { path, names: new Set(names), identity, elf, origin, loader, facts: { ...facts, realPath, hops } };
}

/** What glibc checks once it has decided for a file; each of these ends the loader. */
function refuse(file: Opened, via: Via): void {
  const why = unloadable(file.elf, via);
  if (why !== undefined) throw new LoaderFailure(file.path, why);
}

export function unloadable(elf: Elf, via: Via): string | undefined {
  const loads = elf.segments.filter(({ type }) => type === PT.LOAD);
  if (loads.some(({ vaddr, offset }) => (vaddr - offset) % PAGE !== 0)) {
    return 'ELF load command address/offset not page-aligned';
  }
  if (loads.length === 0) return 'object file has no loadable segments';
  if (elf.type === ET_EXEC && via !== 'program') return 'cannot dynamically load executable';
  const emptied = elf.segments.some(({ type, fileSize }) => type === PT.DYNAMIC && fileSize === 0);
  if (emptied || (elf.dynamic === undefined && elf.type !== ET_EXEC)) return 'object file has no dynamic section';
  const flags = elf.dynamic?.flags1 ?? 0;
  if ((flags & DF_1_PIE) !== 0 && via !== 'program') {
    return 'cannot dynamically load position-independent executable';
  }
  if ((flags & DF_1_NOOPEN) !== 0 && via === 'dlopen') return 'shared object cannot be dlopen()ed';
  return undefined;
}

/**
 * Maps all that an object needs, breadth first, filters before what they filter.
 * @returns its search list: the object, the preloads and all dependencies in the order in which symbols are looked up
 */
export async function mapDependencies(
  process: GlibcProcess,
  map: Mapped,
  preloads: readonly Mapped[] = [],
): Promise<Mapped[]> {
  const list = [map, ...preloads];
  const done = new Set<Mapped>();
  for (let at = 0; at < list.length; ) {
    const object = list[at] as Mapped;
    if (done.has(object)) {
      at++;
      continue;
    }
    done.add(object);
    await mapNeeded(process, object, list);
    // A filter may have been put before the object: it is treated next.
    at = list.findIndex((one) => !done.has(one));
    if (at < 0) break;
  }
  return list;
}

const DT_NEEDED = 1;
const DT_AUXILIARY = 0x7ffffffd;
const DT_FILTER = 0x7fffffff;

interface Wish {
  readonly tag: number;
  readonly text: string;
}

/** DT_NEEDED, DT_AUXILIARY and DT_FILTER in the order of the dynamic section. */
function wishesOf(elf: Elf): Wish[] {
  const { dynamic } = elf;
  if (dynamic === undefined) return [];
  const next = { [DT_NEEDED]: 0, [DT_AUXILIARY]: 0, [DT_FILTER]: 0 };
  const strings = { [DT_NEEDED]: dynamic.needed, [DT_AUXILIARY]: dynamic.auxiliary, [DT_FILTER]: dynamic.filter };
  const out: Wish[] = [];
  for (const { tag } of dynamic.entries) {
    if (tag !== DT_NEEDED && tag !== DT_AUXILIARY && tag !== DT_FILTER) continue;
    const text = strings[tag][next[tag]++];
    if (text !== undefined) out.push({ tag, text });
  }
  return out;
}

async function mapNeeded(process: GlibcProcess, object: Mapped, list: Mapped[]): Promise<void> {
  for (const { tag, text } of wishesOf(object.elf)) {
    const name = expandTokens(text, tokensOf(process, object));
    if (name === '' && hasTokens(text)) {
      if (tag === DT_AUXILIARY) throw new LoaderFailure(text, 'empty dynamic string token substitution');
      continue;
    }
    const via: Via = tag === DT_NEEDED ? 'needed' : tag === DT_FILTER ? 'filter' : 'auxiliary';
    const result = await tolerant(tag === DT_AUXILIARY, () =>
      mapObject(process, { name, via, by: object, loader: object }),
    );
    if (result === undefined) continue;
    if (!('elf' in result)) noteMissing(process, object, name, via, result);
    else if (via !== 'needed') putBefore(process, list, object, result);
    else if (!list.includes(result)) list.push(result);
  }
}

function noteMissing(process: GlibcProcess, by: Mapped, name: string, via: Via, { tried, rejected }: Search): void {
  const missing: MissingObject = { name, by: by.facts.realPath, via, tried, rejected };
  (via === 'auxiliary' ? process.skipped : process.missing).push(missing);
}

/** Of an auxiliary filter no failure counts. */
async function tolerant<T>(auxiliary: boolean, map: () => Promise<T>): Promise<T | undefined> {
  try {
    return await map();
  } catch (error) {
    if (auxiliary && error instanceof LoaderFailure) return undefined;
    throw error;
  }
}

/** A filtee stands before its filter in both lists, unless it is earlier already. */
function putBefore(process: GlibcProcess, list: Mapped[], object: Mapped, filtee: Mapped): void {
  const at = list.indexOf(object);
  const there = list.indexOf(filtee);
  if (there >= 0 && there <= at) return;
  if (there >= 0) list.splice(there, 1);
  list.splice(list.indexOf(object), 0, filtee);
  const { chain } = process;
  chain.splice(chain.indexOf(filtee), 1);
  chain.splice(chain.indexOf(object), 0, filtee);
}
