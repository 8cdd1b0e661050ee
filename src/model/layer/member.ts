/** One member of a layer's archive: a header and the content that follows it. @module */
import { ImageError } from '../../base/errors.ts';
import { printableName } from '../../base/names.ts';
import { basename, dirname } from '../../base/path.ts';
import type { HeaderFields } from '../../formats/tar/encode.ts';
import type { Content } from '../content.ts';
import { type DirInfo, FILE_META, type Leaf } from '../node.ts';
import { OPAQUE, WHITEOUT_PREFIX } from './whiteout.ts';

export interface Member extends Omit<HeaderFields, 'size'> {
  readonly content: Content | undefined;
}

/** A path as it is written: without the leading slash. */
export function nameOf(path: string): string {
  if (basename(path).startsWith(WHITEOUT_PREFIX)) {
    throw new ImageError('UNSUPPORTED', `"${printableName(path)}" is a name that is not allowed in a layer`, {
      hint: 'names that begin with ".wh." mean removed files there: leave it out, or name it otherwise',
    });
  }
  return path.slice(1);
}

export function dirMember(path: string, info: DirInfo): Member {
  const name = path === '/' ? './' : `${nameOf(path)}/`;
  const { meta, mtime, mtimeNs } = info;
  return { kind: 'dir', name, ...meta, mtime, mtimeNs, content: undefined };
}

/** Says that nothing stands at the path. */
export function whiteoutMember(path: string): Member {
  return marker(dirname(path), WHITEOUT_PREFIX + basename(nameOf(path)));
}

/** Says that nothing of what is below stands in the directory. */
export function opaqueMember(dir: string): Member {
  return marker(dir, OPAQUE);
}

function marker(dir: string, name: string): Member {
  const path = dir === '/' ? name : `${dir.slice(1)}/${name}`;
  return { kind: 'file', name: path, ...FILE_META, mtime: 0, mtimeNs: 0, content: undefined };
}

/** With the inode's attributes: chown(2) clears file capabilities, and extractors call it for each link. */
export function hardlinkMember(name: string, first: string, { meta, mtime, mtimeNs }: Leaf): Member {
  return { kind: 'hardlink', name, linkname: first, ...meta, mtime, mtimeNs, content: undefined };
}

export function leafMember(name: string, leaf: Leaf): Member {
  const { meta, mtime, mtimeNs } = leaf;
  const common = { name, ...meta, mtime, mtimeNs, content: undefined };
  switch (leaf.kind) {
    case 'file':
      return { ...common, kind: 'file', content: leaf.content };
    case 'symlink':
      return { ...common, kind: 'symlink', linkname: leaf.target };
    case 'char':
    case 'block':
      return { ...common, kind: leaf.kind, major: leaf.major, minor: leaf.minor };
    case 'fifo':
      return { ...common, kind: 'fifo' };
  }
}
