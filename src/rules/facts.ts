/** The facts that rules ask for, read through the files port and kept for the time of one closure. @module */
import { ImageError } from '../base/errors.ts';
import { decodeName } from '../base/names.ts';
import { readElf } from '../formats/elf/read.ts';
import { readSections } from '../formats/elf/sections.ts';
import { readDynamicSymbols } from '../formats/elf/symbols.ts';
import { functionsDefined } from '../formats/elf/symtab.ts';
import type { Elf } from '../formats/elf/types.ts';
import { findPclntab, goFunctionNames } from '../formats/go/pclntab.ts';
import type { Platform, RunConfig } from '../formats/oci/types.ts';
import type { CpuLevel } from '../loader/types.ts';
import type { FileNode } from '../model/node.ts';
import type { Files } from '../ports/files.ts';
import { findNeedles, readOnlyStrings } from './bytes.ts';
import type { PackageFacts } from './packages/types.ts';
import type { Facts } from './rule.ts';

const TEXT_LIMIT = 4 * 1024 * 1024;

/** What a container runtime and a shell assume where nobody says otherwise (Docker's default). */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface FactsOptions {
  readonly config: RunConfig;
  readonly platform: Platform;
  readonly cpu: CpuLevel;
}

export function createFacts(files: Files, { config, platform, cpu }: FactsOptions): Facts {
  const elf = memo((path: string) => readElfAt(files, path));
  const packages = memo((_: '') => noPackages());
  return {
    files,
    config,
    platform,
    cpu,
    env: environmentOf(config),
    elf,
    symbols: memo(async (path) => new Set(await symbolsOf(files, path, await elf(path)))),
    strings: memo(async (path) => {
      const [file, parsed] = [await fileAt(files, path), await elf(path)];
      return file === undefined || parsed === undefined ? [] : readOnlyStrings(files, file, parsed);
    }),
    mentions: async (path, needles) => {
      const file = await fileAt(files, path);
      return file === undefined ? new Set() : findNeedles(files, file, needles);
    },
    text: memo((path) => readText(files, path)),
    packages: () => packages(''),
  };
}

/** The variables of a config's `Env`, plus a PATH where it sets none. Of a name set twice, the last value counts. */
export function environmentOf(config: RunConfig): Readonly<Record<string, string>> {
  const env: Record<string, string> = { PATH: DEFAULT_PATH };
  for (const line of config.Env ?? []) {
    const cut = line.indexOf('=');
    if (cut > 0) env[line.slice(0, cut)] = line.slice(cut + 1);
  }
  return env;
}

function memo<K, V>(compute: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const known = new Map<K, Promise<V>>();
  return (key) => {
    let value = known.get(key);
    if (value === undefined) {
      value = compute(key);
      known.set(key, value);
    }
    return value;
  };
}

async function fileAt(files: Files, path: string): Promise<FileNode | undefined> {
  const node = await files.lookup(path);
  return node?.kind === 'file' ? node : undefined;
}

/** A file with ELF's magic that breaks the format is no ELF file here: the loader says what it thinks of it. */
async function readElfAt(files: Files, path: string): Promise<Elf | undefined> {
  const file = await fileAt(files, path);
  if (file === undefined) return undefined;
  try {
    return await readElf((offset, size) => files.read(file, { offset, size }), file.content.size);
  } catch (error) {
    if (error instanceof ImageError && error.code === 'INVALID') return undefined;
    throw error;
  }
}

async function readText(files: Files, path: string): Promise<string | undefined> {
  const found = await files.resolve(path);
  if (found.kind === 'missing' || found.node.kind !== 'file' || found.node.content.size > TEXT_LIMIT) return undefined;
  return decodeName(await files.read(found.node));
}

async function symbolsOf(files: Files, path: string, elf: Elf | undefined): Promise<Iterable<string>> {
  const file = await fileAt(files, path);
  if (elf === undefined || file === undefined) return [];
  const read = (offset: number, size: number) => files.read(file, { offset, size });
  const { imports } = await readDynamicSymbols(elf, read);
  const isStatic =
    elf.interp === undefined && (elf.dynamic?.needed.length ?? 0) === 0 && elf.dynamic?.soname === undefined;
  const own = isStatic ? await functionsDefined(elf, read) : [];
  return [...imports, ...own, ...(await goFunctions(elf, read))];
}

/** The table has a section of its own, but in a position-independent Go program linked by the system's linker. */
async function goFunctions(
  elf: Elf,
  read: (offset: number, size: number) => Promise<Uint8Array>,
): Promise<readonly string[]> {
  const sections = await readSections(elf, read);
  const named = sections.find(({ name }) => name === '.gopclntab' || name === '.data.rel.ro.gopclntab');
  if (named !== undefined) return goFunctionNames(await read(named.offset, named.size), elf.endian);
  if (!sections.some(({ name }) => name === '.go.buildinfo')) return [];
  const merged = sections.find(({ name }) => name === '.data.rel.ro');
  if (merged === undefined) return [];
  const bytes = await read(merged.offset, merged.size);
  const at = findPclntab(bytes, elf.endian);
  return at < 0 ? [] : goFunctionNames(bytes.subarray(at), elf.endian);
}

async function noPackages(): Promise<PackageFacts> {
  return {
    kind: undefined,
    owner: async () => undefined,
    package: async () => undefined,
    siblings: async () => [],
    filesOf: async () => [],
    configurationOf: async () => new Set(),
  };
}
