/**
 * Who this process is on the machine, and the namespaces that a sandbox has to be started in: a mount namespace, so that
 * nothing mounted outlives it, and for an ordinary user a user namespace with the ranges of /etc/subuid. Node.js has several
 * threads and cannot enter one itself: unshare(1) does.
 * @module
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { systemCode } from '../base/errors.ts';

/**
 * - `root`: root of the machine;
 * - `namespace-root`: root of a user namespace (a rootless container, for instance);
 * - `user`: an ordinary user, who has to make a user namespace first.
 */
export type Standing = 'root' | 'namespace-root' | 'user';

/** user_namespaces(7): the map of the machine's own namespace is all numbers onto themselves. */
const WHOLE = /^\s*0\s+0\s+4294967295\s*$/;

export function standing(): Standing {
  if (process.geteuid?.() !== 0) return 'user';
  return WHOLE.test(readFileSync('/proc/self/uid_map', 'utf8')) ? 'root' : 'namespace-root';
}

/** A command that runs its arguments as root of the namespace in which root filesystems are unpacked and mounted. */
export function asNamespaceRoot(who: Standing): readonly string[] {
  return who === 'user' ? ['unshare', '--user', '--map-root-user', '--map-auto', '--'] : [];
}

/** The same, with a mount namespace of its own. */
export function withMounts(who: Standing): readonly string[] {
  const user = who === 'user' ? ['--user', '--map-root-user', '--map-auto'] : [];
  return ['unshare', '--mount', ...user, '--'];
}

/** Removes a directory whose files may belong to the users of a user namespace. */
export async function removeAsNamespaceRoot(directory: string): Promise<void> {
  try {
    await rm(directory, { recursive: true, force: true });
  } catch (error) {
    if (!['EACCES', 'EPERM', 'ENOTEMPTY'].includes(systemCode(error) ?? '')) throw error;
    // In a session of its own: what interrupts pare must not interrupt its cleaning up.
    const words = ['--wait', ...asNamespaceRoot(standing()), 'rm', '-rf', '--', directory];
    await promisify(execFile)('setsid', words);
  }
}
