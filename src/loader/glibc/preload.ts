/** Objects that are loaded before all others: LD_PRELOAD and /etc/ld.so.preload (ld.so(8); rtld.c, do_preload). @module */
import { decodeName } from '../../base/names.ts';
import { mapObject } from './map.ts';
import { type GlibcProcess, LoaderFailure, type Mapped } from './process.ts';

const PRELOAD_FILE = '/etc/ld.so.preload';
const LIMIT = 1024 * 1024;

/** Maps the preloads in order. One that fails is passed over: ld.so says so on stderr and goes on. */
export async function mapPreloads(process: GlibcProcess, main: Mapped): Promise<Mapped[]> {
  const names = [...(process.env['LD_PRELOAD'] ?? '').split(/[ :]/), ...(await preloadFile(process))];
  const out: Mapped[] = [];
  for (const name of names) {
    if (name === '') continue;
    const before = process.chain.length;
    try {
      const result = await mapObject(process, { name, via: 'preload', by: main, loader: main });
      if (!('elf' in result)) {
        const { tried, rejected } = result;
        process.skipped.push({ name, by: main.facts.realPath, via: 'preload', tried, rejected });
      } else if (process.chain.length > before) out.push(result);
    } catch (error) {
      if (!(error instanceof LoaderFailure)) throw error;
      const rejected = [{ path: error.subject, why: error.reason }];
      process.skipped.push({ name, by: main.facts.realPath, via: 'preload', tried: [], rejected });
    }
  }
  return out;
}

/** Names separated by white space or colons; `#` begins a comment. */
async function preloadFile(process: GlibcProcess): Promise<string[]> {
  const found = await process.cache.find(PRELOAD_FILE);
  if (found.kind !== 'file' || found.node.content.size > LIMIT) return [];
  process.configuration.add(PRELOAD_FILE);
  const text = decodeName(await process.cache.files.read(found.node));
  return text.replace(/#[^\n]*/g, ' ').split(/[: \t\n]/);
}
