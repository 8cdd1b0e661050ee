/** What a user may do with a file, by its mode alone: capabilities(7) other than root's, ACLs and mounts are left out. @module */
import type { Meta } from '../../../model/node.ts';
import { accountLine } from '../accounts.ts';

export interface Identity {
  readonly uid: number;
  readonly gids: ReadonlySet<number>;
}

export interface IdentityFiles {
  readonly passwd: string;
  readonly group: string;
}

/**
 * Whom the config's `User` means (`NAME`, `UID`, `NAME:GROUP` …), as runtimes tell it: root where it is empty, the groups that
 * list the user where no group is given. Undefined where a name is in no file.
 */
export function identityOf(user: string, { passwd, group }: IdentityFiles): Identity | undefined {
  const [name = '', groupName = ''] = user.split(':');
  if (name === '') return { uid: 0, gids: new Set([0]) };
  const line = accountLine(passwd, name);
  const uid = numberOf(line?.[2] ?? name);
  if (uid === undefined) return undefined;
  if (groupName !== '') {
    const gid = numberOf(accountLine(group, groupName)?.[2] ?? groupName);
    return gid === undefined ? undefined : { uid, gids: new Set([gid]) };
  }
  const gids = new Set([numberOf(line?.[3] ?? '0') ?? 0]);
  for (const fields of group.split('\n').map((text) => text.split(':'))) {
    const gid = numberOf(fields[2] ?? '');
    if (line !== undefined && gid !== undefined && (fields[3] ?? '').split(',').includes(line[0] ?? '')) gids.add(gid);
  }
  return { uid, gids };
}

function numberOf(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

export type Permission = 'read' | 'execute';

const BIT = { read: 4, execute: 1 } as const;

/** path_resolution(7), step 3: owner, group or others, the first that fits; root may read all and execute what anyone may. */
export function permits(meta: Meta, { uid, gids }: Identity, permission: Permission): boolean {
  const bit = BIT[permission];
  if (uid === 0) return permission === 'read' || (meta.mode & 0o111) !== 0;
  if (meta.uid === uid) return (meta.mode & (bit << 6)) !== 0;
  if (gids.has(meta.gid)) return (meta.mode & (bit << 3)) !== 0;
  return (meta.mode & bit) !== 0;
}

/** Root may search any directory. */
export function mayEnter(meta: Meta, who: Identity): boolean {
  return who.uid === 0 || permits(meta, who, 'execute');
}
