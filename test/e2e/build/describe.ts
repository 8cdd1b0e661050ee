/** Changesets and trees as lines of text, in which all is said that must be equal wherever a step ran. @module */
import { createHash } from 'node:crypto';
import { type Change, type Changeset, walkChanges } from '../../../src/model/changeset.ts';
import type { DirInfo, Leaf, LinkToken } from '../../../src/model/node.ts';
import { readFileNode } from '../../../src/ports/tree-files.ts';

/** @param since seconds: a later time is the step's own, and only said to be new */
export async function describeChanges(changes: Changeset, since: number): Promise<readonly string[]> {
  const first = new Map<LinkToken, string>();
  const lines: string[] = [];
  for (const { path, change } of walkChanges(changes))
    lines.push(`${path} ${await describeChange(change, path, since, first)}`);
  return lines;
}

async function describeChange(
  change: Change,
  path: string,
  since: number,
  first: Map<LinkToken, string>,
): Promise<string> {
  if (change.kind === 'whiteout') return 'gone';
  if (change.kind === 'hardlink') return `=> ${change.target} below`;
  if (change.kind === 'dir-change') {
    const info = change.info === undefined ? 'as below' : describeInfo(change.info, since);
    return `dir ${info}${change.opaque ? ' opaque' : ''}`;
  }
  const known = change.link && first.get(change.link);
  if (known !== undefined) return `=> ${known}`;
  if (change.link !== undefined) first.set(change.link, path);
  return `${change.kind} ${describeInfo(change, since)} ${await describeBody(change)}`.trimEnd();
}

function describeInfo({ kind, meta, mtime, mtimeNs }: DirInfo | Leaf, since: number): string {
  const mode = kind === 'symlink' ? 'any' : meta.mode.toString(8);
  const xattrs = [...(meta.xattrs ?? [])].map(([name, value]) => ` ${name}=${Buffer.from(value).toString('hex')}`);
  const time = mtime >= since ? 'new' : `${mtime}.${mtimeNs}`;
  return `${mode} ${meta.uid}:${meta.gid} ${time}${xattrs.join('')}`;
}

async function describeBody(leaf: Leaf): Promise<string> {
  switch (leaf.kind) {
    case 'file': {
      const bytes = await readFileNode(leaf);
      const text = Buffer.from(bytes).toString();
      return /^[ -~\n]{0,40}$/.test(text) ? JSON.stringify(text) : createHash('sha256').update(bytes).digest('hex');
    }
    case 'symlink':
      return `-> ${leaf.target}`;
    case 'fifo':
      return '';
    default:
      return `${leaf.major}:${leaf.minor}`;
  }
}
