/** What files come to, as text for a digest: everything but times, and contents by their digests. @module */
import { type Digest, Digester } from '../../base/digest.ts';
import { hasEscapes } from '../../base/names.ts';
import type { Leaf, LinkToken, Meta, Node } from '../../model/node.ts';
import { walk } from '../../model/tree.ts';
import type { ContentDigests } from '../../ports/build-memory.ts';
import type { Run } from '../../ports/run.ts';

/** Equal for what differs in times only. */
export async function digestOfNode(node: Node, contents: ContentDigests, run: Run): Promise<Digest> {
  const lines = new Lines();
  for (const [path, one, links] of entriesOf(node)) {
    const content = one.kind === 'file' ? contents.of(one, run) : '';
    lines.add(line(path, one, links, typeof content === 'string' ? content : await content));
    run.signal?.throwIfAborted();
  }
  return lines.digest();
}

function* entriesOf(node: Node): Generator<readonly [path: string, node: Node, links: Map<LinkToken, number>]> {
  const links = new Map<LinkToken, number>();
  if (node.kind !== 'dir') yield ['', node, links];
  else for (const { path, node: one } of walk({ root: node })) yield [path, one, links];
}

/** Text that is hashed in large pieces. */
class Lines {
  readonly #digester = new Digester();
  #text = '';

  add(line: string): void {
    this.#text += line;
    if (this.#text.length > PIECE) this.#flush();
  }

  digest(): Digest {
    this.#flush();
    return this.#digester.digest();
  }

  #flush(): void {
    this.#digester.update(Buffer.from(this.#text));
    this.#text = '';
  }
}

const PIECE = 1 << 16;

/** A name holds no NUL, and begins with a slash; bytes that are no UTF-8 have to be escaped lest they become one another. */
function line(path: string, node: Node, links: Map<LinkToken, number>, content: string): string {
  const name = hasEscapes(path) ? JSON.stringify(path) : path;
  const link = node.kind === 'dir' ? '' : linkNumber(node.link, links);
  return `${name}\0${node.kind} ${metaText(node.meta)} ${link} ${content}${detailOf(node)}\n`;
}

function detailOf(node: Node): string {
  switch (node.kind) {
    case 'symlink':
      return JSON.stringify(node.target);
    case 'char':
    case 'block':
      return `${node.major}:${node.minor}`;
    default:
      return '';
  }
}

/** Most entries share their metadata, which is one object then. */
const metaTexts = new WeakMap<Meta, string>();

function metaText(meta: Meta): string {
  const known = metaTexts.get(meta);
  if (known !== undefined) return known;
  const { mode, uid, gid, xattrs } = meta;
  const attributes = [...(xattrs ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  const hex = (value: Uint8Array) => Buffer.from(value).toString('hex');
  const text = JSON.stringify([mode, uid, gid, ...attributes.flatMap(([name, value]) => [name, hex(value)])]);
  metaTexts.set(meta, text);
  return text;
}

function linkNumber(link: Leaf['link'], links: Map<LinkToken, number>): number | '' {
  if (link === undefined) return '';
  const number = links.get(link) ?? links.size + 1;
  links.set(link, number);
  return number;
}
