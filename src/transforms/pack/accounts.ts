/** Minimal passwd(5) and group(5): root, nobody, and the names that something asks for. @module */
import { accountLine } from '../../rules/closure/accounts.ts';
import { homeOf } from './config.ts';
import type { NewUser } from './types.ts';

export interface AccountSources {
  /** Texts of the source's files; empty where there are none. */
  readonly passwd: string;
  readonly group: string;
  /** Of the base image: kept as they are, with lines added. */
  readonly basePasswd: string | undefined;
  readonly baseGroup: string | undefined;
}

export interface AccountWishes {
  /** Names or numbers. */
  readonly users: readonly string[];
  readonly groups: readonly string[];
  /** Owners of files that go in: named where the source names them. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly user: NewUser | undefined;
}

type Fields = readonly string[];

const ROOT_USER: Fields = ['root', 'x', '0', '0', 'root', '/root', '/sbin/nologin'];
const NOBODY_USER: Fields = ['nobody', 'x', '65534', '65534', 'nobody', '/nonexistent', '/sbin/nologin'];
const ROOT_GROUP: Fields = ['root', 'x', '0', ''];

/** @returns texts of both files, lines by number; unknown names are left out, for the check to report */
export function accountFiles(sources: AccountSources, wishes: AccountWishes): { passwd: string; group: string } {
  const users = [
    accountLine(sources.passwd, 'root') ?? ROOT_USER,
    accountLine(sources.passwd, 'nobody') ?? NOBODY_USER,
    ...known(sources.passwd, [...wishes.users, ...wishes.uids.map(String)]),
  ].map(cleanUser);
  const nobodyGroup = users.find(([name]) => name === 'nobody')?.[3] ?? '65534';
  const groups = [
    accountLine(sources.group, 'root') ?? ROOT_GROUP,
    accountLine(sources.group, nobodyGroup) ?? ['nogroup', 'x', nobodyGroup, ''],
    ...known(sources.group, [...wishes.groups, ...wishes.gids.map(String), ...users.map((user) => user[3] as string)]),
  ].map((fields) => cleanGroup(fields, users));
  if (wishes.user !== undefined) addUser(wishes.user, users, groups);
  return { passwd: text(sources.basePasswd, users), group: text(sources.baseGroup, groups) };
}

function known(file: string, wanted: readonly string[]): Fields[] {
  return wanted.flatMap((name) => {
    const line = accountLine(file, name);
    return line === undefined ? [] : [line];
  });
}

/** No password, no person's name, no shell that may not be there. */
function cleanUser([name = '', , uid = '', gid = '', , home = '/']: Fields): Fields {
  return [name, 'x', uid, gid, name, home, '/sbin/nologin'];
}

/** Members only as far as they are users of the image. */
function cleanGroup([name = '', , gid = '', members = '']: Fields, users: readonly Fields[]): Fields {
  const kept = members.split(',').filter((member) => users.some((user) => user[0] === member));
  return [name, 'x', gid, kept.join(',')];
}

function addUser({ name, uid, gid }: NewUser, users: Fields[], groups: Fields[]): void {
  const others = users.filter((user) => user[0] !== name);
  users.splice(0, users.length, ...others, [name, 'x', `${uid}`, `${gid}`, name, homeOf(name), '/sbin/nologin']);
  if (!groups.some((group) => group[2] === `${gid}`)) groups.push([name, 'x', `${gid}`, '']);
}

/** The base's lines stay; of two lines with one name the first counts. */
function text(base: string | undefined, lines: readonly Fields[]): string {
  const below = (base ?? '').split('\n').filter((line) => line !== '');
  const taken = new Set(below.map((line) => line.split(':')[0]));
  const sorted = [...lines].sort((a, b) => Number(a[2]) - Number(b[2]));
  for (const fields of sorted) {
    if (taken.has(fields[0])) continue;
    taken.add(fields[0]);
    below.push(fields.join(':'));
  }
  return `${below.join('\n')}\n`;
}
