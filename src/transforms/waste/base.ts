/** BaseLargerThanUsed: a program of the build that loads next to nothing of its base. @module */
import { ImageError } from '../../base/errors.ts';
import { loadProgram } from '../../loader/load.ts';
import { nodeAt, unpackedSize } from '../../model/tree.ts';
import { type Built, Bytes, levelsOf, type SizeHint } from './built.ts';

/** A base below that is no burden. */
const SMALLEST = 20_000_000;
/** Of the base's bytes. */
const SHARE = 0.1;

/** Where the program is a script, or one of the base, what it uses of the base is not to be known so cheaply. */
export async function largeBase(built: Built): Promise<readonly SizeHint[]> {
  const base = levelsOf(built).findLast(({ by }) => by === undefined)?.after;
  const [program] = [...(built.config.Entrypoint ?? []), ...(built.config.Cmd ?? [])];
  if (base === undefined || program === undefined || !program.startsWith('/')) return [];
  const size = unpackedSize(base);
  if (size < SMALLEST || nodeAt(base, program) !== undefined) return [];
  const loaded = await loadedBy(program, built);
  if (loaded === undefined) return [];
  const used = new Bytes();
  for (const path of loaded) {
    const node = nodeAt(base, path);
    if (node !== undefined) used.add(node);
  }
  if (used.sum > size * SHARE) return [];
  const what = used.sum === 0 ? 'loads nothing of it' : 'loads its libraries alone';
  const message = `of the base for ${program}, which ${what}`;
  const advice = `FROM scratch or a small base; pare build --pack ${program} takes what it needs`;
  return [{ rule: 'BaseLargerThanUsed', bytes: size - used.sum, message, advice }];
}

/** Undefined for what is no ELF program. */
async function loadedBy(program: string, { files }: Built): Promise<readonly string[] | undefined> {
  try {
    const { objects } = await loadProgram(files, program);
    return objects.map(({ realPath }) => realPath);
  } catch (error) {
    if (error instanceof ImageError) return undefined;
    throw error;
  }
}
