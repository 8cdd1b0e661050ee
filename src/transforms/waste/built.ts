/** What a build made, as far as its size is looked at. @module */
import type { Digest } from '../../base/digest.ts';
import type { SizeRule } from '../../formats/dockerfile/lint/rules.ts';
import type { RunConfig } from '../../formats/oci/types.ts';
import { apply } from '../../model/apply.ts';
import type { Changeset } from '../../model/changeset.ts';
import type { FileNode, LinkToken, Node } from '../../model/node.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import type { Files } from '../../ports/files.ts';

/** One layer, lowest first in a list of them. */
export interface BuiltLayer {
  readonly changes: Changeset;
  /** The instruction that made it; undefined for a layer of the base. */
  readonly by: string | undefined;
}

export interface Built {
  readonly layers: readonly BuiltLayer[];
  /** Of all layers. */
  readonly tree: Tree;
  readonly files: Files;
  readonly config: RunConfig;
  digestOf(file: FileNode): Promise<Digest>;
}

export interface SizeHint {
  readonly rule: SizeRule;
  /** Of regular files, uncompressed: what the image could do without. */
  readonly bytes: number;
  /** Goes on from the number: `of package lists …`. */
  readonly message: string;
  /** What to do. */
  readonly advice: string;
}

/** A layer, and the root filesystem before and after it. */
export interface Level extends BuiltLayer {
  readonly before: Tree;
  readonly after: Tree;
}

export function levelsOf({ layers }: Pick<Built, 'layers'>): readonly Level[] {
  let before = EMPTY_TREE;
  return layers.map((layer) => {
    const level = { ...layer, before, after: apply(before, layer.changes) };
    before = level.after;
    return level;
  });
}

/** Sums files up, each inode once. */
export class Bytes {
  readonly #links = new Set<LinkToken>();
  #sum = 0;

  add(node: Node): void {
    if (node.kind !== 'file') return;
    if (node.link !== undefined) {
      if (this.#links.has(node.link)) return;
      this.#links.add(node.link);
    }
    this.#sum += node.content.size;
  }

  get sum(): number {
    return this.#sum;
  }
}

/** `"RUN apt-get update && …"`, not longer than a line has room for. */
export function instructionText(by: string): string {
  const text = by
    .replace(/ # buildkit$/, '')
    .replace(/^RUN (?:\|\d+ .*?)?\/bin\/sh -c /, 'RUN ')
    .replace(/\s+/g, ' ');
  return `"${text.length > 60 ? `${text.slice(0, 59)}…` : text}"`;
}
