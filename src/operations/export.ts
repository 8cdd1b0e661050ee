/** The root filesystem of an image as a tar. @module */
import { parseReference } from '../formats/reference/parse.ts';
import { countEntries, unpackedSize } from '../model/tree.ts';
import { saveRoot } from '../sinks.ts';
import { type Access, openRoot } from '../sources.ts';
import type { Extracted } from './extract.ts';

/**
 * Always the same bytes for the same tree.
 * @param file `-` is standard output; compressed by its name, as `tar:` references are
 * @throws ImageError USAGE where standard output is a terminal
 */
export async function exportRoot(reference: string, file: string, access: Access): Promise<Extracted> {
  await using root = await openRoot(reference, access);
  const tree = await root.tree();
  const { text } = parseReference(`tar:${file}`);
  await saveRoot(tree, { kind: 'tar', path: file, text }, access);
  return { entries: countEntries(tree), size: unpackedSize(tree) };
}
