/** Finding and loading one library: `load_library` of musl's ldso/dynlink.c. @module */
import { ET } from '../../formats/elf/constants.ts';
import { readDynamicSymbols } from '../../formats/elf/symbols.ts';
import type { Elf } from '../../formats/elf/types.ts';
import type { Found } from '../cache.ts';
import type { FoundBy, MissingObject, Via } from '../types.ts';
import { absolutePath, type MuslObject, type MuslProcess } from './process.ts';

/** Names that are libc, whatever comes after the dot: `libm.so.6`, `libc.musl-x86_64.so.1`. */
const RESERVED = /^lib(?:c|pthread|rt|m|dl|util|xnet)\./;

const NAME_MAX = 255;
/** The loader puts paths together in a buffer of this size; what does not fit is passed over. */
const BUFFER = 2 * NAME_MAX + 2;

export interface LibraryRequest {
  readonly name: string;
  readonly via: Via;
  /** Undefined for a preload: then no RPATH counts. */
  readonly by: MuslObject | undefined;
}

export type Failure = Pick<MissingObject, 'tried' | 'rejected'>;

export function isLoaded(result: MuslObject | Failure): result is MuslObject {
  return 'elf' in result;
}

/** The library, which is in the chain from now on; or why there is none. */
export async function loadLibrary(process: MuslProcess, request: LibraryRequest): Promise<MuslObject | Failure> {
  const { name } = request;
  const { self } = process;
  if (self !== undefined && (RESERVED.test(name) || name === self.facts.name)) return useSelf(process, self, request);
  const known = name.includes('/') ? undefined : process.shortNames.get(name);
  if (known !== undefined) return known;
  const place = await (name.includes('/') ? byPath(process, name) : byName(process, request));
  if (place.at === undefined) return { tried: place.tried, rejected: [] };
  return mapLibrary(process, request, { ...place, at: place.at });
}

function useSelf(process: MuslProcess, self: MuslObject, { by }: LibraryRequest): MuslObject {
  if (!process.chain.includes(self)) process.chain.push(self);
  process.selfNeededBy ??= by;
  return self;
}

interface Place {
  /** Undefined: nothing could be opened. */
  readonly at: Existing | undefined;
  readonly path: string;
  readonly foundBy: FoundBy;
  readonly tried: readonly string[];
}

type Existing = Exclude<Found, { kind: 'missing' }>;

async function byPath({ cache, cwd }: MuslProcess, path: string): Promise<Place> {
  const at = await cache.find(absolutePath(cwd, path));
  const missing = at.kind === 'missing';
  return { at: missing ? undefined : at, path, foundBy: 'path', tried: missing ? [path] : [] };
}

/** LD_LIBRARY_PATH, the search paths of the object and of all that led to it, the system's path. */
async function byName(process: MuslProcess, { name, by }: LibraryRequest): Promise<Place> {
  const tried: string[] = [];
  const nothing: Place = { at: undefined, path: '', foundBy: 'default', tried };
  if (name === '' || Buffer.byteLength(name) > NAME_MAX) return nothing;
  const lists: [FoundBy, string][] = [['library-path', process.libraryPath]];
  for (let one = by; one !== undefined; one = one.neededBy) {
    lists.push([one.elf.dynamic?.runpath === undefined ? 'rpath' : 'runpath', one.searchPath]);
  }
  lists.push(['default', process.systemPath]);
  for (const [foundBy, list] of lists) {
    const result = await inList(process, name, list, tried);
    if (result === 'inhibited') return nothing;
    if (result !== undefined) return { ...result, foundBy, tried };
  }
  return nothing;
}

/** Longer ones are of no use: each path in it must fit the buffer. */
const SEARCH_PATH_LIMIT = 1024 * 1024;

/** DT_RUNPATH counts as DT_RPATH does, and instead of it. Any `$` that is not `$ORIGIN` makes all of it useless. */
export function searchPathOf({ dynamic }: Elf, origin: string): string {
  const text = dynamic?.runpath ?? dynamic?.rpath ?? '';
  const grown = text.length + text.split('$').length * origin.length;
  if (/\$(?!ORIGIN|\{ORIGIN\})/.test(text) || grown > SEARCH_PATH_LIMIT) return '';
  return text.replace(/\$(?:ORIGIN|\{ORIGIN\})/g, () => origin);
}

/** The first that can be opened, whatever it is. An error other than "not there" inhibits all further search. */
async function inList({ cache, cwd, effort }: MuslProcess, name: string, list: string, tried: string[]) {
  for (const dir of list.split(/[:\n]/)) {
    const path = `${dir}/${name}`;
    if (dir === '' || Buffer.byteLength(path) >= BUFFER) continue;
    effort.look();
    const at = await cache.find(absolutePath(cwd, path));
    if (at.kind !== 'missing') return { at, path };
    tried.push(path);
    if (at.why === 'loop') return 'inhibited';
  }
  return undefined;
}

async function mapLibrary(process: MuslProcess, request: LibraryRequest, place: Place & { at: Existing }) {
  const { at, path, foundBy, tried } = place;
  const failed = (why: string): Failure => ({ tried: [...tried, path], rejected: [{ path, why }] });
  if (at.kind === 'other') return failed(at.node.kind === 'dir' ? 'Is a directory' : `is a ${at.node.kind}`);
  const { realPath, hops, node } = at;
  const identity = node.link ?? realPath;
  const same = process.files.get(identity);
  if (same !== undefined) {
    if (foundBy !== 'path') nameIt(process, same);
    return same;
  }
  const { elf } = await process.cache.binary(node);
  if (elf === undefined) return failed('no ELF file');
  const refused = refusal(elf, process);
  if (refused !== undefined) return failed(refused);
  if (await isLibc(process, at, elf)) return loadLibrary(process, { ...request, name: 'libc.so' });
  const { name, via, by } = request;
  const facts = { name, via, foundBy, tried, by: (by ?? process.main).realPath, realPath, hops };
  const searchPath = searchPathOf(elf, originOf(path));
  const object = { path, realPath, elf, searchPath, neededBy: by, needs: [], facts };
  process.effort.object();
  process.chain.push(object);
  process.files.set(identity, object);
  if (foundBy !== 'path') nameIt(process, object);
  return object;
}

/** From now on its file's name finds it without a search. */
function nameIt({ shortNames }: MuslProcess, object: MuslObject): void {
  const name = object.path.slice(object.path.lastIndexOf('/') + 1);
  if (!shortNames.has(name)) shortNames.set(name, object);
}

/** musl maps what it finds without a look at its machine, and crashes; here that counts as of no use. */
function refusal(elf: Elf, { interpreter: { target } }: MuslProcess): string | undefined {
  if (elf.bits !== target.bits || elf.endian !== target.endian || elf.machine !== target.machine) {
    return `for machine ${elf.machine}, ${elf.bits} bits, ${elf.endian} endian`;
  }
  if ((elf.type !== ET.DYN && elf.type !== ET.EXEC) || elf.dynamic === undefined) return 'Exec format error';
  return undefined;
}

/** A second libc under another name: musl takes itself instead. */
async function isLibc(
  { cache, self }: MuslProcess,
  { realPath, node }: Existing & { kind: 'file' },
  elf: Elf,
): Promise<boolean> {
  if (self === undefined) return false;
  return cache.memo(`libc:${realPath}`, async () => {
    const read = (offset: number, size: number) => cache.files.read(node, { offset, size });
    const exports = new Set((await readDynamicSymbols(elf, read, 'exports')).exports);
    return exports.has('__libc_start_main') && exports.has('stdin');
  });
}

/** What comes before the last slash; `.` for a path without one. */
export function originOf(path: string): string {
  const cut = path.lastIndexOf('/');
  return cut < 0 ? '.' : path.slice(0, cut);
}
