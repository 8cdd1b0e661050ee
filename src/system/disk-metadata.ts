/** Owner, attributes, mode and time of what has been written, as far as the user may set them. @module */

import { chmodSync, lchownSync, lutimesSync } from 'node:fs';
import { countOf } from '../base/count.ts';
import { fromSystem, ImageError, systemCode } from '../base/errors.ts';
import type { DirInfo, Leaf } from '../model/node.ts';
import { hasSystemCalls, setMtime, writeXattr } from './linux.ts';

export interface Metadata {
  apply(path: string | Buffer, node: Leaf | DirInfo): void;
  /** The same of the directory that everything is in, whose owner nobody counts. */
  applyRoot(path: string | Buffer, node: DirInfo): void;
  /** Does what only root may; counts it, and says false, where it is refused. */
  permitted(what: 'owner' | 'device' | 'attribute', work: () => void): boolean;
  /** What could not be done, for people; undefined where everything could. */
  summary(): string | undefined;
}

const SETID_BITS = 0o6000;

/** Not root; an id that the user namespace does not map; a file system that has no such thing; no koffi. */
const REFUSALS: ReadonlySet<string> = new Set(['EPERM', 'EINVAL', 'ENOTSUP', 'UNAVAILABLE']);

/** False where it takes more than the user may. */
function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    const code = error instanceof ImageError ? error.code : systemCode(error);
    if (code === undefined || !REFUSALS.has(code)) throw fromSystem(error, 'cannot set metadata');
    return false;
  }
}

export function metadataWriter(): Metadata {
  const refused = { owner: 0, device: 0, attribute: 0 };
  let setIds = 0;
  const native = hasSystemCalls();
  const own = { uid: process.geteuid?.(), gid: process.getegid?.() };

  const permitted: Metadata['permitted'] = (what, work) => {
    const done = attempt(work);
    if (!done) refused[what]++;
    return done;
  };

  const set = (path: string | Buffer, node: Leaf | DirInfo, chown: (work: () => void) => boolean) => {
    const { uid, gid, mode, xattrs } = node.meta;
    const isOwn = uid === own.uid && gid === own.gid;
    const owned = isOwn || chown(() => lchownSync(path, uid, gid));
    // After chown, which drops file capabilities and the set-id bits.
    for (const [name, value] of xattrs ?? []) permitted('attribute', () => writeXattr(path, name, value));
    // A program must not run as whoever happened to unpack it.
    const mayRun = owned ? mode : mode & ~SETID_BITS;
    if (mayRun !== mode && node.kind !== 'symlink') setIds++;
    if (node.kind !== 'symlink') chmodSync(path, mayRun);
    if (native) setMtime(path, node.mtime, node.mtimeNs);
    else lutimesSync(path, node.mtime, node.mtime);
  };

  return {
    permitted,
    apply: (path, node) => set(path, node, (work) => permitted('owner', work)),
    applyRoot: (path, node) => set(path, node, attempt),
    summary() {
      const parts = [
        refused.owner > 0
          ? countOf(
              refused.owner,
              'entry belongs to you instead of its owner',
              'entries belong to you instead of their owners',
            )
          : undefined,
        setIds > 0 ? `${countOf(setIds, 'file')} lost set-user-ID or set-group-ID bits` : undefined,
        refused.device > 0 ? countOf(refused.device, 'device was left out', 'devices were left out') : undefined,
        refused.attribute > 0
          ? countOf(refused.attribute, 'extended attribute was left out', 'extended attributes were left out')
          : undefined,
        native ? undefined : 'times have whole seconds only',
      ].filter((part) => part !== undefined);
      return parts.length === 0 ? undefined : `${parts.join(', ')} (it takes root, or a file system that has them)`;
    },
  };
}
