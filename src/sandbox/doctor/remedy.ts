/** How to get what is missing, in the words of this machine's distribution. @module */
import { readFile } from 'node:fs/promises';
import { systemCode } from '../../base/errors.ts';
import type { Packages, Question } from './types.ts';

type Family = keyof Packages;

const INSTALL: Readonly<Record<Family, string>> = {
  debian: 'apt-get install',
  fedora: 'dnf install',
  arch: 'pacman -S',
  alpine: 'apk add',
  suse: 'zypper install',
};

/** Names in ID and ID_LIKE of os-release(5). */
const FAMILIES: Readonly<Record<string, Family>> = {
  debian: 'debian',
  ubuntu: 'debian',
  fedora: 'fedora',
  rhel: 'fedora',
  centos: 'fedora',
  arch: 'arch',
  alpine: 'alpine',
  suse: 'suse',
  opensuse: 'suse',
};

export async function familyOfMachine(): Promise<Family | undefined> {
  return familyIn(await osRelease());
}

/** @param text of an os-release file */
export function familyIn(text: string): Family | undefined {
  const values = ['ID', 'ID_LIKE'].map((key) => new RegExp(`^${key}=["']?(.*?)["']?$`, 'm').exec(text)?.[1] ?? '');
  return values
    .join(' ')
    .split(/[\s-]+/)
    .map((id) => FAMILIES[id])
    .find((family) => family !== undefined);
}

/** A command line or a sentence; undefined where there is nothing to be done. */
export function remedyText(remedy: Question['remedy'], family: Family | undefined, root: boolean): string | undefined {
  if (remedy === undefined || typeof remedy === 'string') return remedy;
  const [known] = family !== undefined && remedy[family] !== undefined ? [family] : [];
  if (known !== undefined) return `${root ? '' : 'sudo '}${INSTALL[known]} ${remedy[known]}`;
  return `install ${[...new Set(Object.values(remedy))].join(' or ')}`;
}

async function osRelease(): Promise<string> {
  try {
    return await readFile('/etc/os-release', 'utf8');
  } catch (error) {
    if (systemCode(error) !== undefined) return '';
    throw error;
  }
}
