/**
 * Who a program runs as: `USER[:GROUP]` of an image's config, by the passwd and group files of its root filesystem, as
 * Docker reads it (moby/sys `user.GetExecUser`).
 * @module
 */
import { ImageError } from '../base/errors.ts';
import type { Files } from '../ports/files.ts';

export interface ProgramUser {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, ascending: those that list the user by name; none where a group is given. */
  readonly groups: readonly number[];
  readonly home: string;
}

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** @throws ImageError NOT_FOUND where a name is in no file, INVALID where a number is out of range */
export async function programUser(files: Files, text: string): Promise<ProgramUser> {
  const [userText = '', groupText = ''] = text.split(':');
  const wanted = userText === '' ? '0' : userText;
  const entry = (await passwd(files)).find(({ name, uid }) => name === wanted || String(uid) === wanted);
  const uid = entry?.uid ?? numberOf(wanted, 'user', '/etc/passwd');
  const groups = await groupEntries(files);
  const home = entry?.home || '/';
  if (groupText !== '') {
    const group = groups.find(({ name, gid }) => name === groupText || String(gid) === groupText);
    return { uid, gid: group?.gid ?? numberOf(groupText, 'group', '/etc/group'), groups: [], home };
  }
  const member = groups.filter(({ members }) => entry !== undefined && members.includes(entry.name));
  return { uid, gid: entry?.gid ?? 0, groups: member.map(({ gid }) => gid).sort((a, b) => a - b), home };
}

function numberOf(text: string, what: string, file: string): number {
  if (!/^\d+$/.test(text)) {
    throw new ImageError('NOT_FOUND', `the image has no ${what} "${text}": no such line in its ${file}`, {
      hint: `give the ${what} by number, or by a name that the image knows`,
    });
  }
  const id = Number(text);
  if (id > 0x7fff_ffff) throw new ImageError('INVALID', `${what} ${text} is out of range (at most 2147483647)`);
  return id;
}

/** passwd(5): NAME:PASSWORD:UID:GID:GECOS:HOME:SHELL */
async function passwd(files: Files): Promise<readonly PasswdEntry[]> {
  const rows = await records(files, '/etc/passwd');
  return rows.flatMap(([name = '', , uid = '', gid = '', , home = '']) =>
    /^\d+$/.test(uid) ? [{ name, uid: Number(uid), gid: Number(gid), home }] : [],
  );
}

/** group(5): NAME:PASSWORD:GID:MEMBER,MEMBER */
async function groupEntries(files: Files): Promise<readonly GroupEntry[]> {
  const rows = await records(files, '/etc/group');
  return rows.flatMap(([name = '', , gid = '', members = '']) =>
    /^\d+$/.test(gid) ? [{ name, gid: Number(gid), members: members.split(',') }] : [],
  );
}

async function records(files: Files, path: string): Promise<readonly (readonly string[])[]> {
  const found = await files.resolve(path);
  if (found.kind !== 'found' || found.node.kind !== 'file') return [];
  const text = new TextDecoder().decode(await files.read(found.node));
  return text.split('\n').map((line) => line.trim().split(':'));
}
