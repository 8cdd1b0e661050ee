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
  // useradd(8) and dpkg(1) keep what was there before a change; ldconfig(8) checks its notes against the disk.
  [/^\/etc\/(?:passwd|group|g?shadow|subuid|subgid)-$/, takeOne],
  [/^\/var\/lib\/dpkg\/(?:status|available|diversions|statoverride)-old$/, takeOne],
  [/^\/var\/cache\/ldconfig\/aux-cache$/, takeOne],
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

/** By physical path; undefined for all other files, which have to be the same. */
export function joinerFor(path: string): Joiner | undefined {
  return JOINERS.find(([place]) => place.test(path))?.[1];
}

const RPM = /^\/(?:var\/lib|usr\/lib\/sysimage|usr\/share)\/rpm\/(?:rpmdb\.sqlite|Packages)/;

/** Why a file is not joined, where one might expect it. */
export function unjoinable(path: string): string | undefined {
  return RPM.test(path) ? "rpm's database is one binary file, and pare cannot join two" : undefined;
}
