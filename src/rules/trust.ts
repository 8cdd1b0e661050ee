/**
 * Bundles of certificate authorities without those that somebody added on the machine: the public ones are those that a
 * package ships; whatever else is in a bundle stays behind.
 * @module
 */
import { createHash } from 'node:crypto';
import { decodeName } from '../base/names.ts';
import { pemBlocks } from '../formats/pem/pem.ts';
import { bytesContent } from '../model/content.ts';
import type { FileNode } from '../model/node.ts';
import type { Facts, Want } from './rule.ts';

/** Where packages put the authorities they ship: Debian and Alpine, Fedora, SUSE, Arch (below the first). */
const SHIPPED = ['/usr/share/ca-certificates', '/usr/share/pki/ca-trust-source', '/usr/share/pki/trust'];

/** A bundle of all authorities there are is 0.2 to 2 MB. */
const BUNDLE_LIMIT = 16 * 1024 * 1024;
const MAX_DEPTH = 4;

/**
 * What has to be there so that a program can open the bundle at `path`: the file itself, or, where it holds more than the
 * public authorities, one that pare writes; and the links on the way.
 *
 * Undefined where there is no bundle, or none of which is known to be public.
 */
export async function publicBundle(path: string, facts: Facts): Promise<readonly Want[] | undefined> {
  const found = await facts.files.resolve(path);
  if (found.kind === 'missing' || found.node.kind !== 'file') return undefined;
  const own: Want = { kind: 'path', path, use: 'data' };
  const known = await shippedAuthorities(facts);
  if (known === undefined) return (await isAsShipped(found.path, found.node, facts)) ? [own] : undefined;
  const blocks = await certificates(found.node, facts);
  const allowed = blocks.filter(({ base64 }) => known.has(base64));
  if (allowed.length === 0) return undefined;
  if (allowed.length === blocks.length) return [own];
  const node = {
    ...found.node,
    link: undefined,
    content: bytesContent(`${allowed.map(({ text }) => text).join('\n')}\n`),
  };
  const links = found.hops.map((hop): Want => ({ kind: 'made', path: hop.path, node: hop.node }));
  return [...links, { kind: 'made', path: found.path, node }];
}

/** Whether every certificate of the file is one that a package ships; of an unknown origin, no. */
export async function isPublic(node: FileNode, facts: Facts): Promise<boolean> {
  const known = await shippedAuthorities(facts);
  const blocks = await certificates(node, facts);
  return known !== undefined && blocks.length > 0 && blocks.every(({ base64 }) => known.has(base64));
}

async function certificates(node: FileNode, facts: Facts) {
  if (node.content.size > BUNDLE_LIMIT) return [];
  const blocks = pemBlocks(decodeName(await facts.files.read(node)));
  return blocks.filter(({ label }) => label === 'CERTIFICATE' || label === 'TRUSTED CERTIFICATE');
}

const ANSWERS = new WeakMap<Facts, Promise<ReadonlySet<string> | undefined>>();

/** The authorities of packages, as base64; undefined where no package ships them one by one. */
function shippedAuthorities(facts: Facts): Promise<ReadonlySet<string> | undefined> {
  let answer = ANSWERS.get(facts);
  if (answer === undefined) {
    answer = readShipped(facts);
    ANSWERS.set(facts, answer);
  }
  return answer;
}

async function readShipped(facts: Facts): Promise<ReadonlySet<string> | undefined> {
  const known = new Set<string>();
  const packages = await facts.packages();
  const listed = new Set(await packages.filesOf('ca-certificates'));
  for (const dir of SHIPPED) {
    for (const { path, node } of await filesBelow(dir, facts, MAX_DEPTH)) {
      const isShipped = packages.kind === undefined || listed.has(path) || (await packages.owner(path)) !== undefined;
      if (isShipped) for (const { base64 } of await certificates(node, facts)) known.add(base64);
    }
  }
  return known.size === 0 ? undefined : known;
}

async function filesBelow(dir: string, facts: Facts, depth: number): Promise<{ path: string; node: FileNode }[]> {
  const found: { path: string; node: FileNode }[] = [];
  for (const name of (await facts.files.list(dir)) ?? []) {
    const path = `${dir}/${name}`;
    const node = await facts.files.lookup(path);
    if (node?.kind === 'file') found.push({ path, node });
    else if (node?.kind === 'dir' && depth > 1) found.push(...(await filesBelow(path, facts, depth - 1)));
  }
  return found;
}

/**
 * Whether the bundle is the one a package ships as a whole (apk), byte for byte. A tree without any package database is
 * somebody's finished image: what is in it was meant to be.
 */
async function isAsShipped(path: string, node: FileNode, facts: Facts): Promise<boolean> {
  const { kind } = await facts.packages();
  if (kind === undefined) return true;
  if (kind !== 'apk') return false;
  const expected = apkChecksum(path, (await facts.text('/lib/apk/db/installed')) ?? '');
  return (
    expected !== undefined &&
    expected ===
      createHash('sha1')
        .update(await facts.files.read(node))
        .digest('base64')
  );
}

/** base64 of the SHA-1 that apk's database gives a file: `F:` directory, `R:` file, `Z:Q1…` (Alpine wiki, "Apk spec"). */
function apkChecksum(path: string, database: string): string | undefined {
  let dir = '';
  let file = '';
  for (const line of database.split('\n')) {
    if (line.startsWith('F:')) dir = `/${line.slice(2)}`;
    else if (line.startsWith('R:')) file = `${dir}/${line.slice(2)}`;
    else if (line.startsWith('Z:Q1') && file === path) return line.slice(4);
  }
  return undefined;
}
