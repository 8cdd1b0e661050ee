/** What a change to a root filesystem comes to, as text for a digest: everything but times, and contents by their digests. @module */
import { type Digest, Digester } from '../../base/digest.ts';
import { type Change, type Changeset, walkChanges } from '../../model/changeset.ts';
import type { LinkToken, Meta } from '../../model/node.ts';
import type { ContentDigests } from '../../ports/build-memory.ts';
import type { Run } from '../../ports/run.ts';

const ENCODER = new TextEncoder();

/** Equal for changes that differ in times only. */
export async function digestOfChanges(changes: Changeset, contents: ContentDigests, run: Run): Promise<Digest> {
  const digester = new Digester();
  const links = new Map<LinkToken, number>();
  for (const { path, change } of walkChanges(changes)) {
    const words = [path, ...(await wordsOf(change, links, contents, run))];
    digester.update(ENCODER.encode(`${JSON.stringify(words)}\n`));
  }
  return digester.digest();
}

type Words = readonly (string | number)[];

async function wordsOf(
  change: Change,
  links: Map<LinkToken, number>,
  contents: ContentDigests,
  run: Run,
): Promise<Words> {
  switch (change.kind) {
    case 'whiteout':
      return ['whiteout'];
    case 'hardlink':
      return ['hardlink', change.target];
    case 'dir-change':
      return ['dir', change.opaque ? 'opaque' : '', ...(change.info === undefined ? [] : metaWords(change.info.meta))];
    case 'file':
      return ['file', ...metaWords(change.meta), linkNumber(change.link, links), await contents.of(change, run)];
    case 'symlink':
      return ['symlink', ...metaWords(change.meta), linkNumber(change.link, links), change.target];
    case 'char':
    case 'block':
      return [change.kind, ...metaWords(change.meta), linkNumber(change.link, links), change.major, change.minor];
    case 'fifo':
      return ['fifo', ...metaWords(change.meta), linkNumber(change.link, links)];
  }
}

function metaWords({ mode, uid, gid, xattrs }: Meta): Words {
  const attributes = [...(xattrs ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  return [mode, uid, gid, ...attributes.flatMap(([name, value]) => [name, Buffer.from(value).toString('hex')])];
}

function linkNumber(link: LinkToken | undefined, links: Map<LinkToken, number>): number {
  if (link === undefined) return 0;
  const number = links.get(link) ?? links.size + 1;
  links.set(link, number);
  return number;
}
