/** What merging has to read: whether files that look alike hold the same bytes, and the databases that are joined. @module */
import type { Content } from '../../model/content.ts';
import { sameReference } from '../../model/content.ts';
import { sameBytes } from '../../model/difference.ts';
import type { FileNode } from '../../model/node.ts';
import type { Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { readFileNode } from '../../ports/tree-files.ts';
import type { JoinFacts } from './join.ts';
import { joinerFor } from './joiners/table.ts';
import { sharedPaths } from './together.ts';

/** Reads only what stands at one path in several trees, is of one size there, and not one range of one blob. */
export async function gatherFacts(trees: readonly Tree[], { signal }: Run = {}): Promise<JoinFacts> {
  /** Leads from a content to another that holds the same, and in the end to one for all of them. */
  const representative = new Map<Content, Content>();
  const bytes = new Map<Content, Uint8Array>();
  const first = (content: Content): Content => {
    let at = content;
    for (let next = representative.get(at); next !== undefined; next = representative.get(at)) at = next;
    return at;
  };
  for (const { path, present } of sharedPaths(trees)) {
    signal?.throwIfAborted();
    const files = present.map(({ node }) => node).filter((node): node is FileNode => node.kind === 'file');
    const distinct: Content[] = [];
    for (const { content } of files) {
      const known = await firstSame(distinct, content);
      if (known === undefined) distinct.push(content);
      else if (first(known) !== first(content)) representative.set(first(content), first(known));
    }
    if (distinct.length < 2 || joinerFor(path) === undefined) continue;
    for (const file of files) bytes.set(file.content, await readFileNode(file));
  }
  return {
    same: (a, b) => sameReference(a, b) || first(a) === first(b),
    bytes: (content) => {
      const found = bytes.get(content);
      if (found === undefined) throw new Error('bug: a file is to be joined that was not read');
      return found;
    },
  };
}

async function firstSame(contents: readonly Content[], content: Content): Promise<Content | undefined> {
  for (const one of contents) if (sameReference(one, content) || (await sameBytes(one, content))) return one;
  return undefined;
}
