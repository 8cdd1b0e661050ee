/** What is loaded before all else: LD_PRELOAD, /etc/ld.so.preload, and auditors (ld.so(8), rtld-audit(7); rtld.c). @module */
import { decodeName } from '../../base/names.ts';
import { DT } from '../../formats/elf/constants.ts';
import { mapDependencies } from './dependencies.ts';
import { isMapped, mapObject } from './map.ts';
import { type GlibcProcess, LoaderFailure, type Mapped, type Setting } from './process.ts';

const PRELOAD_FILE = '/etc/ld.so.preload';
const LIMIT = 1024 * 1024;

/** Maps the preloads in order. One that fails is passed over: ld.so says so on stderr and goes on. */
export async function mapPreloads(process: GlibcProcess): Promise<Mapped[]> {
  const { setting, main: by } = process;
  const names = [...(setting.env['LD_PRELOAD'] ?? '').split(/[ :]/), ...(await preloadFile(setting))];
  const out: Mapped[] = [];
  for (const name of names) {
    if (name === '') continue;
    const before = process.chain.length;
    const object = await mapOptional(process, name, { via: 'preload', by, loader: by });
    if (object !== undefined && process.chain.length > before) out.push(object);
  }
  return out;
}

/** Names separated by white space or colons; `#` begins a comment. */
async function preloadFile({ cache, configuration }: Setting): Promise<string[]> {
  const found = await cache.find(PRELOAD_FILE);
  if (found.kind !== 'file' || found.node.content.size > LIMIT) return [];
  configuration.add(PRELOAD_FILE);
  const text = decodeName(await cache.files.read(found.node));
  return text.replace(/#[^\n]*/g, ' ').split(/[: \t\n]/);
}

/**
 * Auditors of LD_AUDIT, DT_AUDIT and DT_DEPAUDIT, each with what it needs, in a name space of its own: the process's objects
 * are not in it.
 * @param loader the dynamic loader, on whose behalf they are opened
 */
export async function mapAuditors(process: GlibcProcess, loader: Mapped | undefined): Promise<Mapped[]> {
  const { setting, main } = process;
  const last = (tag: number, strings: readonly string[] = []) => {
    const present = main.elf.dynamic?.entries.some((entry) => entry.tag === tag) ?? false;
    return present ? (strings.at(-1) ?? '') : '';
  };
  const { audit, depaudit } = main.elf.dynamic ?? {};
  const lists = [setting.env['LD_AUDIT'] ?? '', last(DT.AUDIT, audit), last(DT.DEPAUDIT, depaudit)];
  const names = new Set(lists.flatMap((list) => list.split(':')).filter((name) => name !== ''));
  const out: Mapped[] = [];
  for (const name of names) out.push(...(await mapAuditor(process, name, loader ?? main)));
  return out;
}

async function mapAuditor(process: GlibcProcess, name: string, by: Mapped): Promise<Mapped[]> {
  const own = { chain: [], files: new Map(), names: new Map(), missing: [], interpreterBy: undefined };
  const space: GlibcProcess = { ...process, ...own };
  const object = await mapOptional(space, name, { via: 'audit', by, loader: undefined });
  if (object === undefined) return [];
  try {
    await mapDependencies(space, object);
    if (space.missing.length === 0) return space.chain;
    process.skipped.push(...space.missing.map((one) => ({ ...one, via: 'audit' as const })));
  } catch (error) {
    if (!(error instanceof LoaderFailure)) throw error;
    noteFailure(process, name, { via: 'audit', by }, error);
  }
  return [];
}

type Optional = Pick<Parameters<typeof mapObject>[1], 'via' | 'by' | 'loader'>;

/** The object, or undefined with a note among what was skipped. */
async function mapOptional(process: GlibcProcess, name: string, optional: Optional): Promise<Mapped | undefined> {
  const { via, by } = optional;
  try {
    const result = await mapObject(process, { name, ...optional });
    if (isMapped(result)) return result;
    process.skipped.push({ name, by: by.realPath, via, tried: result.tried, rejected: result.rejected });
  } catch (error) {
    if (!(error instanceof LoaderFailure)) throw error;
    noteFailure(process, name, optional, error);
  }
  return undefined;
}

function noteFailure(process: GlibcProcess, name: string, { via, by }: Omit<Optional, 'loader'>, error: LoaderFailure) {
  const rejected = [{ path: error.subject, why: error.reason }];
  process.skipped.push({ name, by: by.realPath, via, tried: [], rejected });
}
