/** Package databases that are text: dpkg's paragraphs (deb822(5)) and apk's blocks of `K:value` lines. @module */
import { printableName } from '../../../base/names.ts';
import { byKey, type Held, settled } from './entries.ts';
import type { ItemConflict, JoinedText, Joiner } from './types.ts';

interface Stanza {
  readonly text: string;
  readonly name: string;
  readonly version: string;
  /** Whether the package's files are there: dpkg remembers removed packages as well. */
  readonly present: boolean;
}

/** States without files, dpkg(1) "Package states". */
const ABSENT = /\s(?:not-installed|config-files)$/;

/** dpkg keeps its status sorted by name and architecture: so is what comes of several. */
export const joinDpkg: Joiner = (texts, choose) => joinStanzas(texts, choose, dpkgStanza, { sorted: true });

export const joinApk: Joiner = (texts, choose) => joinStanzas(texts, choose, apkStanza, { sorted: false });

function dpkgStanza(text: string): Keyed {
  const field = (name: string) => new RegExp(`^${name}[ \\t]*:(.*)$`, 'im').exec(text)?.[1]?.trim();
  const name = [field('Package') ?? text, field('Architecture')].filter((part) => part !== undefined).join(':');
  return [name, { text, name, version: field('Version') ?? '', present: !ABSENT.test(field('Status') ?? '') }];
}

function apkStanza(text: string): Keyed {
  const name = /^P:(.*)$/m.exec(text)?.[1] ?? text;
  return [name, { text, name, version: /^V:(.*)$/m.exec(text)?.[1] ?? '', present: true }];
}

type Keyed = readonly [key: string, stanza: Stanza];

function joinStanzas(
  texts: Parameters<Joiner>[0],
  choose: Parameters<Joiner>[1],
  read: (text: string) => Keyed,
  { sorted }: { readonly sorted: boolean },
): JoinedText {
  const conflicts: ItemConflict[] = [];
  const kept: Stanza[] = [];
  const found = byKey(texts, (text) => stanzasOf(text).map(read));
  for (const key of sorted ? [...found.keys()].sort() : found.keys()) {
    const held = found.get(key) as Held<Stanza>[];
    const there = held.filter(({ entry }) => entry.present);
    const { entry, conflict } = settled(there.length > 0 ? there : held, choose, aboutPackage(held));
    if (conflict !== undefined) conflicts.push(conflict);
    kept.push(entry);
  }
  return { text: kept.map(({ text }) => `${text}\n\n`).join(''), conflicts };
}

/** Tells versions apart; where they agree, the records. */
function aboutPackage(held: readonly Held<Stanza>[]): Parameters<typeof settled<Stanza>>[2] {
  const item = `package ${printableName(held[0]?.entry.name ?? '')}`;
  const versions = new Set(held.map(({ entry }) => entry.version));
  if (versions.size > 1) return { item, what: ['version'], has: ({ version }) => printableName(version) };
  const records = [...new Set(held.map(({ entry }) => entry.text))];
  return { item, what: ['record'], has: ({ text }) => `record ${records.indexOf(text) + 1} of ${records.length}` };
}

function stanzasOf(text: string): string[] {
  return text
    .split(/\n(?:[ \t]*\n)+/)
    .map((stanza) => stanza.replace(/^\n+|\n+$/g, ''))
    .filter((stanza) => stanza.trim() !== '');
}
