/**
 * Where no database says what belongs to whom, as in most finished images: the configuration that a program names and that is
 * there. What it names in turn (modules, further configuration) can then be looked at.
 * @module
 */
import { joinPath } from '../../base/path.ts';
import type { Facts, Requirement, Subject } from '../rule.ts';
import { readMentions } from './mentions.ts';

/** Files of the C library and of OpenSSL, for which there are rules. */
const OTHERS = /^\/etc\/(?:[^/]+|ssl\/.*|pam\.d\/.*|security\/.*|ld\.so\.conf\.d\/.*|default\/.*)$/;

/** Below a directory of its own in /etc: by whole path, or by name in a directory that is named. */
export async function unpackagedConfiguration(subject: Subject, facts: Facts): Promise<Requirement[]> {
  if (subject.use !== 'program') return [];
  if ((await facts.mentions(subject.path, ['/etc/'])).size === 0) return [];
  const { paths, names } = readMentions(await facts.strings(subject.path));
  const all: Requirement[] = [];
  const add = (path: string, because: string) => {
    if (!OTHERS.test(path)) all.push({ want: { kind: 'path', path, use: 'data' }, strength: 'recommended', because });
  };
  for (const path of [...paths].filter((one) => one.startsWith('/etc/')).sort()) {
    const found = await facts.files.resolve(path);
    if (found.kind === 'missing') continue;
    if (found.node.kind === 'file') add(path, 'names it');
    if (found.node.kind !== 'dir') continue;
    for (const name of (await facts.files.list(found.path)) ?? []) {
      const file = await facts.files.resolve(joinPath(path, name));
      const isFile = file.kind === 'found' && file.node.kind === 'file';
      if (isFile && names.has(name)) add(joinPath(path, name), `names "${name}"`);
    }
  }
  return all;
}
