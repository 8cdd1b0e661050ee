/** CopiedTwice: large files that are in the image more than once. @module */
import type { FileNode } from '../../model/node.ts';
import { nodeAt, walk } from '../../model/tree.ts';
import { type Built, levelsOf, type SizeHint } from './built.ts';

/** Smaller files are not worth reading. */
const SMALLEST = 1_000_000;
/** Bytes that are read at most. */
const MOST_READ = 256_000_000;

interface Found {
  readonly path: string;
  readonly node: FileNode;
}

/** Of files that the build brought, and those of the base that are equal to one of them. */
export async function copiedTwice(built: Built): Promise<readonly SizeHint[]> {
  const base = levelsOf(built).findLast(({ by }) => by === undefined)?.after;
  const bySize = new Map<number, Found[]>();
  for (const { path, node } of walk(built.tree)) {
    if (node.kind !== 'file' || node.content.size < SMALLEST) continue;
    const size = bySize.get(node.content.size) ?? [];
    bySize.set(node.content.size, size);
    if (node.link === undefined || size.every((one) => one.node.link !== node.link)) size.push({ path, node });
  }
  const hints: SizeHint[] = [];
  let read = 0;
  for (const [size, found] of bySize) {
    if (found.length < 2 || found.every(({ path, node }) => base && nodeAt(base, path) === node)) continue;
    read += size * found.length;
    if (read > MOST_READ) break;
    for (const equal of await equals(found, built)) {
      const paths = equal.map(({ path }) => path);
      const message = `are ${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ' …' : ''} with the same bytes`;
      const advice = 'copy one, and make a link to it';
      hints.push({ rule: 'CopiedTwice', bytes: size * (equal.length - 1), message, advice });
    }
  }
  return hints;
}

async function equals(found: readonly Found[], { digestOf }: Built): Promise<readonly (readonly Found[])[]> {
  const byDigest = new Map<string, Found[]>();
  for (const one of found) {
    const digest = await digestOf(one.node);
    byDigest.set(digest, [...(byDigest.get(digest) ?? []), one]);
  }
  return [...byDigest.values()].filter((equal) => equal.length > 1);
}
