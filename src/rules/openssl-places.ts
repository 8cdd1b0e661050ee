/** Where an OpenSSL looks for its files: compiled into libcrypto, as `openssl version -a` prints it. @module */
import { occurrences } from './occurrences.ts';
import type { Facts, Subject } from './rule.ts';

export interface OpensslPlaces {
  /** OPENSSLDIR: of openssl.cnf, cert.pem and certs. */
  readonly dir: string;
  /** MODULESDIR: of providers. */
  readonly modules: string | undefined;
  /** ENGINESDIR. */
  readonly engines: string | undefined;
}

const LIBCRYPTO = /^libcrypto\.so/;
const NAMES = ['OPENSSLDIR: "', 'MODULESDIR: "', 'ENGINESDIR: "'];

const ANSWERS = new WeakMap<Facts, Map<string, Promise<OpensslPlaces | undefined>>>();

/** Undefined where the file holds no libcrypto. */
export function opensslPlaces(path: string, facts: Facts): Promise<OpensslPlaces | undefined> {
  const known = ANSWERS.get(facts) ?? new Map<string, Promise<OpensslPlaces | undefined>>();
  ANSWERS.set(facts, known);
  let answer = known.get(path);
  if (answer === undefined) {
    answer = readPlaces(path, facts);
    known.set(path, answer);
  }
  return answer;
}

async function readPlaces(path: string, facts: Facts): Promise<OpensslPlaces | undefined> {
  const built = new Map<string, string>();
  for (const text of await occurrences(path, NAMES, facts)) {
    const [, name, dir] = /^([A-Z]+): "(\/[^"]*)"/.exec(text) ?? [];
    if (name !== undefined && dir !== undefined && !built.has(name)) built.set(name, dir);
  }
  const dir = built.get('OPENSSLDIR');
  if (dir === undefined) return undefined;
  return { dir, modules: built.get('MODULESDIR'), engines: built.get('ENGINESDIR') };
}

/** Physical path of the libcrypto that the subject's process has loaded, or the subject where it is that. */
export function libcryptoOf({ loaded, elf, path }: Subject): string | undefined {
  if (LIBCRYPTO.test(elf?.dynamic?.soname ?? '')) return path;
  return loaded?.objects.find(({ name }) => LIBCRYPTO.test(name.slice(name.lastIndexOf('/') + 1)))?.realPath;
}
