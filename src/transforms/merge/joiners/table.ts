/** Which files are joined entry by entry, and how. @module */
import { joinGroup, joinPasswd, joinShadow } from './accounts.ts';
import { joinList, joinTriples, takeOne } from './lines.ts';
import { joinApk, joinDpkg } from './packages.ts';
import { joinArchive } from './scripts.ts';
import type { Joiner } from './types.ts';

/** Made anew for the merged tree: see `library-cache.ts`. */
export const LIBRARY_CACHE = '/etc/ld.so.cache';

const JOINERS: readonly (readonly [RegExp, Joiner])[] = [
  [/^\/etc\/passwd$/, joinPasswd],
  [/^\/etc\/group$/, joinGroup],
  [/^\/etc\/g?shadow$/, joinShadow],
  [/^\/etc\/(?:subuid|subgid|shells)$/, joinList],
  [/^\/var\/lib\/dpkg\/(?:status|available)$/, joinDpkg],
  [/^\/var\/lib\/apt\/extended_states$/, joinDpkg],
  [/^\/var\/lib\/dpkg\/diversions$/, joinTriples],
  [/^\/var\/lib\/dpkg\/(?:statoverride|arch|triggers\/[^/]+)$/, joinList],
  [/^(?:\/usr)?\/lib\/apk\/db\/installed$/, joinApk],
  [/^(?:\/usr)?\/lib\/apk\/db\/triggers$/, joinList],
  [/^(?:\/usr)?\/lib\/apk\/db\/scripts\.tar$/, joinArchive],
  [/^\/etc\/apk\/world$/, joinList],
  [/^\/etc\/ld\.so\.cache$/, takeOne],
];

/** Copies of what was there before a change, as useradd(8) and dpkg(1) keep them, and ldconfig(8)'s notes, which it checks. */
const COPIES: readonly RegExp[] = [
  /^\/etc\/(?:passwd|group|g?shadow|subuid|subgid)-$/,
  /^\/var\/lib\/dpkg\/(?:status|available|diversions|statoverride)-old$/,
  /^\/var\/cache\/ldconfig\/aux-cache$/,
];

/** Whether any image's file will do, whatever it holds: nothing runs by it. */
export function isCopy(path: string): boolean {
  return COPIES.some((place) => place.test(path));
}

/** By physical path; undefined for all other files, which have to be the same. */
export function joinerFor(path: string): Joiner | undefined {
  return JOINERS.find(([place]) => place.test(path))?.[1];
}

const RPM = /^\/(?:var\/lib|usr\/lib\/sysimage|usr\/share)\/rpm\/(?:rpmdb\.sqlite|Packages)/;

/** Why a file is not joined, where one might expect it. */
export function unjoinable(path: string): string | undefined {
  return RPM.test(path) ? "rpm's database is one binary file, and pare cannot join two" : undefined;
}
