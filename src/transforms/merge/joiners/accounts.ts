/**
 * passwd(5), group(5), shadow(5), gshadow(5): one line a name. What counts are the numbers: files belong to them. A line's other
 * fields are the first image's, and a group has the members of all.
 * @module
 */
import { printableName } from '../../../base/names.ts';
import { sidesOf } from '../types.ts';
import { byKey, type Held, settled } from './entries.ts';
import type { ImageText, ItemConflict, JoinedText, Joiner } from './types.ts';

type Fields = readonly string[];

/** Lines by name. What is no entry (a comment, NIS's `+`) is its own name. */
function* linesOf(text: string): Generator<[string, Fields]> {
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const fields = line.split(':');
    yield fields.length < 3 || line.startsWith('#') ? [line, [line]] : [fields[0] as string, fields];
  }
}

/** `uid:gid` of a user, `gid` of a group; what stands in no such line has no number. */
const USER_IDS = (fields: Fields) => (fields.length < 4 ? '' : `${fields[2]}:${fields[3]}`);
const GROUP_ID = (fields: Fields) => fields[2] ?? '';

export const joinPasswd: Joiner = (texts, choose) =>
  joinNumbered(texts, choose, { kind: 'user', ids: USER_IDS, unite: ([first]) => first.entry });

export const joinGroup: Joiner = (texts, choose) =>
  joinNumbered(texts, choose, { kind: 'group', ids: GROUP_ID, unite: withAllMembers });

interface Numbered {
  readonly kind: 'user' | 'group';
  readonly ids: (fields: Fields) => string;
  /** The line of several that agree in their numbers; the one that counts stands first. */
  readonly unite: (held: readonly [Held<Fields>, ...Held<Fields>[]]) => Fields;
}

function joinNumbered(texts: readonly ImageText[], choose: Parameters<Joiner>[1], rules: Numbered): JoinedText {
  const { kind, ids, unite } = rules;
  const preferred = choose(texts.map(({ image }) => image));
  const ordered = texts.toSorted((a, b) => Number(b.image === preferred) - Number(a.image === preferred));
  const conflicts: ItemConflict[] = [];
  const kept: KeptLine[] = [];
  for (const [name, held] of byKey(ordered, linesOf)) {
    const item = `${kind} ${printableName(name)}`;
    const { entry, conflict } = settled(held, choose, {
      item,
      what: ['id'],
      has: (fields) => `${idWord(kind)} ${ids(fields)}`,
    });
    if (conflict !== undefined) conflicts.push(conflict);
    const alike = held.filter((one) => ids(one.entry) === ids(entry));
    kept.push({ name, fields: unite(alike as [Held<Fields>]), images: alike.map(({ image }) => image) });
  }
  if (preferred === undefined) conflicts.push(...sharedNumbers(kept, kind));
  return { text: kept.map(({ fields }) => `${fields.join(':')}\n`).join(''), conflicts };
}

interface KeptLine {
  readonly name: string;
  readonly fields: Fields;
  readonly images: readonly number[];
}

/** One number under two names, which no image had together: files of the one would belong to the other. */
function sharedNumbers(lines: readonly KeptLine[], kind: 'user' | 'group'): ItemConflict[] {
  const byNumber = new Map<string, KeptLine[]>();
  for (const line of lines) {
    const number = line.fields.length < 3 ? undefined : line.fields[2];
    if (number === undefined || number === '') continue;
    const known = byNumber.get(number);
    if (known === undefined) byNumber.set(number, [line]);
    else known.push(line);
  }
  const knownTogether = (group: readonly KeptLine[]) =>
    group[0]?.images.some((image) => group.every(({ images }) => images.includes(image))) === true;
  return [...byNumber].flatMap(([number, group]) => {
    if (group.length < 2 || knownTogether(group)) return [];
    const has = group.flatMap(({ name, images }) =>
      images.map((image) => ({ image, has: `${kind} ${printableName(name)}` })),
    );
    const sides = sidesOf(has.toSorted((a, b) => a.image - b.image));
    return [{ item: `${idWord(kind)} ${number}`, what: ['id'], sides } satisfies ItemConflict];
  });
}

function idWord(kind: 'user' | 'group'): string {
  return kind === 'user' ? 'uid' : 'gid';
}

function withAllMembers(held: readonly [Held<Fields>, ...Held<Fields>[]]): Fields {
  const [{ entry: first }] = held;
  if (first.length < 4) return first;
  const members = held.flatMap(({ entry }) => (entry[3] ?? '').split(','));
  return [...first.slice(0, 3), [...new Set(members)].filter((name) => name !== '').join(',')];
}

/** Lines as they are; a conflict only where passwords differ: the day of the last change differs between any two images. */
export const joinShadow: Joiner = (texts, choose) => {
  const conflicts: ItemConflict[] = [];
  const lines: string[] = [];
  for (const [name, held] of byKey(texts, linesOf)) {
    const passwords = [...new Set(held.map(({ entry }) => entry[1] ?? ''))];
    const has = (fields: Fields) => `password ${passwords.indexOf(fields[1] ?? '') + 1} of ${passwords.length}`;
    const { entry, conflict } = settled(held, choose, { item: `user ${printableName(name)}`, what: ['record'], has });
    if (conflict !== undefined) conflicts.push(conflict);
    lines.push(`${entry.join(':')}\n`);
  }
  return { text: lines.join(''), conflicts };
};
