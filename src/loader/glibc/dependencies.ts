/** Mapping all that an object needs: `_dl_map_object_deps` of glibc's dl-deps.c. @module */
import { DT } from '../../formats/elf/constants.ts';
import type { ElfDynamic } from '../../formats/elf/types.ts';
import type { Via } from '../types.ts';
import { isMapped, mapObject } from './map.ts';
import { type GlibcProcess, LoaderFailure, type Mapped } from './process.ts';
import { type Search, tokensOf } from './search.ts';
import { expandTokens } from './tokens.ts';

/**
 * Breadth first, filtees before their filters. What is not found is noted, and the rest is mapped all the same, as ld.so
 * does when it only lists.
 * @returns the search list: the object, the preloads and all dependencies in the order in which symbols are looked up
 * @throws LoaderFailure
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
    if (done.has(object)) at++;
    else {
      done.add(object);
      // Filtees that this puts before the object are next.
      for (const wish of wishesOf(object.elf.dynamic)) await fulfil(process, object, wish, list);
    }
  }
  return list;
}

interface Wish {
  readonly via: Via;
  readonly text: string;
}

const WISHES: ReadonlyMap<number, [via: Via, strings: 'needed' | 'filter' | 'auxiliary']> = new Map([
  [DT.NEEDED, ['needed', 'needed']],
  [DT.FILTER, ['filter', 'filter']],
  [DT.AUXILIARY, ['auxiliary', 'auxiliary']],
]);

/** DT_NEEDED, DT_FILTER and DT_AUXILIARY in the order of the dynamic section. */
function wishesOf(dynamic: ElfDynamic | undefined): Wish[] {
  const next = { needed: 0, filter: 0, auxiliary: 0 };
  return (dynamic?.entries ?? []).flatMap(({ tag }) => {
    const wish = WISHES.get(tag);
    if (wish === undefined) return [];
    const [via, strings] = wish;
    const text = dynamic?.[strings][next[strings]++];
    return text === undefined ? [] : [{ via, text }];
  });
}

async function fulfil(process: GlibcProcess, by: Mapped, { via, text }: Wish, list: Mapped[]): Promise<void> {
  const name = expandTokens(text, tokensOf(process.setting, by));
  if (name === '' && text !== '') {
    if (via === 'auxiliary') throw new LoaderFailure(text, 'empty dynamic string token substitution');
    return;
  }
  const result = await mapWish(process, { name, via, by, loader: by });
  if (!isMapped(result)) {
    const { tried, rejected } = result;
    const missing = { name, by: by.facts.realPath, via, tried, rejected };
    (via === 'auxiliary' ? process.skipped : process.missing).push(missing);
    return;
  }
  if (result.facts.via === 'interpreter') process.interpreterBy ??= by;
  if (via !== 'needed') putBefore(process, list, by, result);
  else if (!list.includes(result)) list.push(result);
}

/** Of an auxiliary filtee no failure counts. */
async function mapWish(process: GlibcProcess, request: Parameters<typeof mapObject>[1]): Promise<Mapped | Search> {
  try {
    return await mapObject(process, request);
  } catch (error) {
    if (request.via !== 'auxiliary' || !(error instanceof LoaderFailure)) throw error;
    return { found: undefined, tried: [], rejected: [{ path: error.subject, why: error.reason }] };
  }
}

/** A filtee goes before its filter in the search list and in the link map, unless it stands there already. */
function putBefore(process: GlibcProcess, list: Mapped[], filter: Mapped, filtee: Mapped): void {
  const there = list.indexOf(filtee);
  if (there >= 0 && there <= list.indexOf(filter)) return;
  if (there >= 0) list.splice(there, 1);
  list.splice(list.indexOf(filter), 0, filtee);
  const { chain } = process;
  chain.splice(chain.indexOf(filtee), 1);
  chain.splice(chain.indexOf(filter), 0, filtee);
}
