/** Mapping one object: `_dl_map_object` and `_dl_map_object_from_fd` of glibc's dl-load.c. @module */
import { DF_1, ET, PT } from '../../formats/elf/constants.ts';
import type { Elf } from '../../formats/elf/types.ts';
import type { Opened } from '../opened.ts';
import type { LoadedObject, Via } from '../types.ts';
import { absolutePath, addObject, type GlibcProcess, LoaderFailure, type Mapped, type Setting } from './process.ts';
import { directories, type Search, search, tokensOf } from './search.ts';

const LEVEL = /\/glibc-hwcaps\/([^/]+)\/[^/]+$/;

/** The smallest page of any machine; where pages are larger the loader refuses more. */
const PAGE = 4096;

export interface Request {
  readonly name: string;
  readonly via: Via;
  readonly by: Mapped;
  /** What l_loader becomes: none for dlopen(3), whose caller only lends its search path. */
  readonly loader: Mapped | undefined;
}

/**
 * The object that bears the name already, or is found and mapped now; the search that failed where there is none.
 * @throws LoaderFailure where what was found ends the loader
 */
export async function mapObject(process: GlibcProcess, request: Request): Promise<Mapped | Search> {
  const { name, via, by, loader } = request;
  const borne = process.names.get(name);
  if (borne !== undefined) {
    borne.asked = true;
    return borne.object;
  }
  const result = await search(process, by, name, via === 'audit');
  if (result.found === undefined) return result;
  const { file, foundBy } = result.found;
  const same = process.files.get(file.identity);
  if (same !== undefined) {
    process.names.set(name, { object: same, asked: true });
    return same;
  }
  const refused = refusal(file.elf, via);
  if (refused !== undefined) throw new LoaderFailure(file.path, refused);
  const level = LEVEL.exec(file.path)?.[1];
  const facts = { name, via, foundBy, tried: result.tried, by: by.facts.realPath };
  const object = newObject(process.setting, file, loader, level === undefined ? facts : { ...facts, level });
  addObject(process, object, [name]);
  return object;
}

/** What the names of an object that failed look like, told apart from one that is there. */
export function isMapped(result: Mapped | Search): result is Mapped {
  return 'elf' in result;
}

/** @param origin where that is not the directory that the path names */
export function newObject(
  setting: Setting,
  file: Opened,
  loader: Mapped | undefined,
  facts: Omit<LoadedObject, 'path' | 'realPath' | 'hops'>,
  origin = directoryOf(absolutePath(setting, file.path)),
): Mapped {
  const { path, realPath, hops, elf, identity } = file;
  const { rpath, runpath } = elf.dynamic ?? {};
  const dirs = (text: string) => (text === '' ? [] : directories(text.split(':'), tokensOf(setting, { origin })));
  return {
    path,
    realPath,
    identity,
    elf,
    origin,
    rpath: runpath === undefined && rpath !== undefined ? dirs(rpath) : [],
    runpath: runpath === undefined ? undefined : dirs(runpath),
    loader,
    facts: { ...facts, realPath, hops },
  };
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

/** What is checked once the loader has decided for a file, in its order and words. */
export function refusal(elf: Elf, via: Via): string | undefined {
  let loads = 0;
  for (const { type, vaddr, offset } of elf.segments) {
    if (type !== PT.LOAD) continue;
    if ((vaddr - offset) % PAGE !== 0) return 'ELF load command address/offset not page-aligned';
    loads++;
  }
  if (loads === 0) return 'object file has no loadable segments';
  if (elf.type === ET.EXEC && via !== 'program') return 'cannot dynamically load executable';
  const emptied = elf.segments.some(({ type, fileSize }) => type === PT.DYNAMIC && fileSize === 0);
  if (emptied || (elf.dynamic === undefined && elf.type !== ET.EXEC)) return 'object file has no dynamic section';
  const flags = elf.dynamic?.flags1 ?? 0;
  if ((flags & DF_1.PIE) !== 0 && via !== 'program') return 'cannot dynamically load position-independent executable';
  if ((flags & DF_1.NOOPEN) !== 0 && via === 'dlopen') return 'shared object cannot be dlopen()ed';
  return undefined;
}
