/** The facts that rules ask for, read through the files port and kept for the time of one closure. @module */
import { decodeName } from '../base/names.ts';
import type { Platform, RunConfig } from '../formats/oci/types.ts';
import { createLoaderCache, type LoaderCache } from '../loader/cache.ts';
import type { CpuLevel } from '../loader/types.ts';
import type { FileNode } from '../model/node.ts';
import { cachedFiles } from '../ports/cached-files.ts';
import type { Files } from '../ports/files.ts';
import { type Contents, createContents } from './contents.ts';
import { openPackages } from './packages/open.ts';
import type { Facts } from './rule.ts';

const TEXT_LIMIT = 4 * 1024 * 1024;

/** What a container runtime and a shell assume where nobody says otherwise (Docker's default). */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface FactsOptions {
  readonly config: RunConfig;
  readonly platform: Platform;
  readonly cpu: CpuLevel;
  /** What is known of files already, from another tree that has them too. */
  readonly contents?: Contents;
}

export function createFacts(source: Files, options: FactsOptions): Facts {
  const { config, platform, cpu, contents = createContents(source) } = options;
  const files = cachedFiles(source);
  const loader: LoaderCache = { ...createLoaderCache(files), binary: contents.binary };
  const elf = memo(async (path: string) => {
    const file = await fileAt(files, path);
    return file === undefined ? undefined : (await contents.binary(file)).elf;
  });
  const packages = memo((_: '') => openPackages(files));
  return {
    files,
    loader,
    contents,
    config,
    platform,
    cpu,
    env: environmentOf(config),
    elf,
    symbols: memo(async (path) => {
      const [file, parsed] = [await fileAt(files, path), await elf(path)];
      return file === undefined || parsed === undefined ? new Set() : contents.symbols(file, parsed);
    }),
    strings: memo(async (path) => {
      const [file, parsed] = [await fileAt(files, path), await elf(path)];
      return file === undefined || parsed === undefined ? [] : contents.strings(file, parsed);
    }),
    mentions: async (path, needles) => {
      const file = await fileAt(files, path);
      return file === undefined ? new Set() : contents.mentions(file, needles);
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

async function readText(files: Files, path: string): Promise<string | undefined> {
  const found = await files.resolve(path);
  if (found.kind === 'missing' || found.node.kind !== 'file' || found.node.content.size > TEXT_LIMIT) return undefined;
  return decodeName(await files.read(found.node));
}
