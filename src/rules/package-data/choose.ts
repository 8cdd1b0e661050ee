/**
 * Which of the files that a program speaks of it is given. What it names by itself it gets; what only a pattern or a directory
 * speaks for has to fit into a budget, since such data is often a hundred times what anyone uses of it.
 * @module
 */
import type { Strength } from '../rule.ts';
import { type Clarity, type Match, nameBelow } from './match.ts';
import { namesInText } from './mentions.ts';

/** Data for which no name of the program's own speaks may take this part of what the program weighs with its libraries, and this much at least. */
const BUDGET_PART = 1 / 12;
const BUDGET_LEAST = 16 * 1024;

/** What fits a wildcard, a directory that is merely named, and what another package ships, come up to this size. */
const GROUP_MOST = 64 * 1024;

/** Data files larger than this are not searched for the names of others; and others larger than that are not followed to. */
const TEXT_MOST = 128 * 1024;
const FOLLOWED_MOST = 32 * 1024;

export interface Candidate extends Match {
  /** Bytes; 0 for a link. */
  readonly size: number;
  /** Whether it is of the program's own package or of one that this needs. */
  readonly own: boolean;
}

export interface Choice {
  readonly path: string;
  readonly as: string;
  readonly strength: Strength;
  readonly clarity: Clarity;
  readonly text: string;
  readonly directory: string;
  /** The file whose text speaks of it, where that is not the program. */
  readonly from: string | undefined;
}

export interface ChooseOptions {
  /** What the program and its libraries weigh, in bytes. */
  readonly load: number;
  /** The text of a data file; undefined where it is none. */
  readonly textOf: (path: string) => Promise<string | undefined>;
}

/** The choices in order of path. */
export async function choose(candidates: readonly Candidate[], options: ChooseOptions): Promise<Choice[]> {
  const selection: Selection = {
    byName: nameTable(candidates),
    chosen: new Map(),
    left: Math.max(BUDGET_LEAST, Math.floor(options.load * BUDGET_PART)),
    ...options,
  };
  const named = candidates.filter(({ clarity, own }) => own && (clarity === 'path' || clarity === 'name'));
  take(selection, named, 0);
  await follow(selection, named);
  const words: Candidate[] = [];
  for (const { members: all, rank } of unitsOf(candidates)) {
    const members = all.filter(({ path }) => !selection.chosen.has(path));
    const size = sizeOf(members);
    if (members.length === 0 || size > selection.left) continue;
    take(selection, members, size);
    if (rank < RANK.word) await follow(selection, members);
    else words.push(...members);
  }
  await follow(selection, words);
  const rest = candidates.filter(({ path }) => !selection.chosen.has(path)).map((one) => choiceOf(one, 'suggested'));
  return [...selection.chosen.values(), ...rest].sort((a, b) => (a.path < b.path ? -1 : 1));
}

interface Selection extends ChooseOptions {
  /** By what a text in the same directory calls them: whole paths, and names below the directory. */
  readonly byName: ReadonlyMap<string, Candidate>;
  readonly chosen: Map<string, Choice>;
  /** Of the budget, in bytes. */
  left: number;
}

function choiceOf({ path, as, clarity, text, directory }: Candidate, strength: Strength, from?: string): Choice {
  return { path, as, strength, clarity, text, directory, from };
}

function take(selection: Selection, members: readonly Candidate[], cost: number): void {
  selection.left -= cost;
  for (const one of members) selection.chosen.set(one.path, choiceOf(one, 'recommended'));
}

/** Takes what the texts of these files name, and so on, as long as the budget lasts. */
async function follow(selection: Selection, start: readonly Candidate[]): Promise<void> {
  const { byName, chosen } = selection;
  const todo = [...start];
  for (let one = todo.shift(); one !== undefined; one = todo.shift()) {
    const text = one.size <= TEXT_MOST ? await selection.textOf(one.path) : undefined;
    if (text === undefined) continue;
    for (const name of namesInText(text)) {
      const other = byName.get(name) ?? byName.get(`${one.directory}\0${name}`);
      if (other === undefined || chosen.has(other.path)) continue;
      if (other.size > Math.min(selection.left, FOLLOWED_MOST)) continue;
      selection.left -= other.size;
      chosen.set(other.path, choiceOf({ ...other, clarity: 'name', text: name }, 'recommended', one.path));
      todo.push(other);
    }
  }
}

function nameTable(candidates: readonly Candidate[]): ReadonlyMap<string, Candidate> {
  const table = new Map<string, Candidate>();
  for (const one of candidates) {
    table.set(one.path, one);
    table.set(one.as, one);
    for (const name of nameBelow(one.path, one.directory)) {
      const key = `${one.directory}\0${name}`;
      if (!table.has(key)) table.set(key, one);
    }
  }
  return table;
}

interface Unit {
  readonly members: readonly Candidate[];
  readonly size: number;
  readonly rank: number;
}

/** What is taken together or not at all: the clearer first, then the smaller. */
function unitsOf(candidates: readonly Candidate[]): Unit[] {
  const groups = Map.groupBy(candidates, (one) => groupOf(one));
  groups.delete(undefined);
  return [...groups.values()]
    .map((members) => ({ members, size: sizeOf(members), rank: RANK[members[0]?.clarity ?? 'pattern'] }))
    .filter(({ rank, size }) => rank === RANK.word || size <= GROUP_MOST)
    .sort((a, b) => a.rank - b.rank || a.size - b.size);
}

const RANK: Readonly<Record<Clarity, number>> = { glob: 0, path: 1, name: 1, word: 2, pattern: 3, directory: 3 };

function sizeOf(members: readonly Candidate[]): number {
  return members.reduce((sum, { size }) => sum + size, 0);
}

/** Files of one group share a rank: all that fits a wildcard, the rest of a directory; any other file is one by itself. */
function groupOf({ clarity, path, text, directory }: Candidate): string | undefined {
  switch (clarity) {
    case 'path':
    case 'name':
    case 'word':
      return path;
    case 'glob':
      return `${directory} ${text}`;
    case 'pattern':
    case 'directory':
      return isConfiguration(directory) ? undefined : directory;
  }
}

/** What is in a directory of /etc counts where something names it, or where it is one of fragments (`conf.d`). */
function isConfiguration(directory: string): boolean {
  return directory.startsWith('/etc/') && !directory.endsWith('.d');
}
