/** Names of the functions a program or library uses, from whichever table it still has. @module */
import { ImageError } from '../base/errors.ts';
import { readSections } from '../formats/elf/sections.ts';
import { readDynamicSymbols, readStaticSymbols } from '../formats/elf/symbols.ts';
import type { Elf, ReadRange } from '../formats/elf/types.ts';
import { findPclntab, goFunctionNames } from '../formats/go/pclntab.ts';
import type { FileNode } from '../model/node.ts';
import type { Files } from '../ports/files.ts';

/**
 * What a dynamic object takes from others, what a static program carries, and the functions of a Go program. A table that
 * breaks its format tells nothing: the loader would not read it either.
 */
export async function functionNames(files: Files, file: FileNode, elf: Elf): Promise<ReadonlySet<string>> {
  const read: ReadRange = (offset, size) => files.read(file, { offset, size });
  const isStatic = elf.interp === undefined && elf.dynamic?.soname === undefined && !elf.dynamic?.needed.length;
  return new Set([
    ...(await unlessBroken(async () => (await readDynamicSymbols(elf, read, 'imports')).imports)),
    ...(isStatic ? await unlessBroken(async () => (await readStaticSymbols(elf, read)).exports) : []),
    ...(await unlessBroken(() => goFunctions(elf, read))),
  ]);
}

async function unlessBroken(names: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await names();
  } catch (error) {
    if (error instanceof ImageError && (error.code === 'INVALID' || error.code === 'LIMIT')) return [];
    throw error;
  }
}

/** The table has a section of its own, but in a position-independent Go program that the system's linker made. */
async function goFunctions(elf: Elf, read: ReadRange): Promise<readonly string[]> {
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
