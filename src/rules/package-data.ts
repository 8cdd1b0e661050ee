/**
 * What the package of a kept program ships for it at run time: configuration, data, helper programs. The package database
 * says what there is, the program's own strings say what of it counts. See `docs/rules/package-data.md`.
 * @module
 */
import { basename, dirname } from '../base/path.ts';
import { type Candidate, type Choice, choose } from './package-data/choose.ts';
import { helperMention, type Match, matchShipped } from './package-data/match.ts';
import { type Mentions, readMentions } from './package-data/mentions.ts';
import { type Shipped, shippedWith } from './package-data/shipped.ts';
import type { Facts, Requirement, Rule, Strength, Subject } from './rule.ts';

const ANY_EXECUTE = 0o111;
const SET_ID = 0o6000;

export const packageData: Rule = {
  name: 'package-data',
  summary: 'configuration, data and helper programs that the package of a program ships for it',
  file: async (subject, facts) => {
    if (subject.elf === undefined || subject.use === 'data' || isCLibrary(subject)) return [];
    const packages = await facts.packages();
    const owner = await packages.owner(subject.path);
    if (owner === undefined) return [];
    const shipped = await shippedWith(packages, `${owner.name}:${owner.architecture}`);
    // What needs a library in turn (tools, files for building) is not the library's data.
    const paths = subject.use === 'program' ? shipped.paths : shipped.paths.filter((path) => shipped.own.has(path));
    if (!(await mentionsAny(subject.path, paths, facts))) return [];
    const mentions = readMentions(await facts.strings(subject.path));
    const matches = matchShipped(paths, mentions);
    const files = await filesAmong(matches, shipped, facts);
    const helpers = files.filter(({ helper }) => helper);
    const withHelpers = new Set(helpers.map(({ directory }) => directory));
    const data = files.filter(({ helper, library, clarity, directory }) => {
      return !helper && !library && !(clarity === 'directory' && withHelpers.has(directory));
    });
    const choices = await choose(data, { load: await loadSize(subject, facts), textOf: (path) => textOf(path, facts) });
    return [
      ...choices.filter(({ strength }) => strength !== 'suggested').map((choice) => dataRequirement(choice, subject)),
      ...(await suggestions(choices, facts)),
      ...(await helperRequirements(helpers, { mentions, shipped, facts, subject })),
    ];
  },
};

/** Its data (locales, converters, databases) is what other rules are about. */
function isCLibrary({ elf }: Subject): boolean {
  return /^(?:libc\.so\.\d|libc\.musl-.*|ld-.*\.so\.\d|lib(?:m|pthread|dl|rt|resolv|nss_\w+|nsl|util|anl)\.so\.\d)$/.test(
    elf?.dynamic?.soname ?? '',
  );
}

/** Whether any of the paths can be meant at all: reading all strings costs more than looking for a few. */
async function mentionsAny(path: string, shipped: readonly string[], facts: Facts): Promise<boolean> {
  const tops = new Set(shipped.map((one) => one.split('/').slice(0, 4).join('/')));
  // Some keep the prefix apart: "share/x" below "/usr".
  const needles = [...tops].map((top) => (top.startsWith('/etc/') ? dirnameOrSelf(top) : top.replace(/^\/usr\//, '')));
  return needles.length > 0 && (await facts.mentions(path, [...new Set(needles)])).size > 0;
}

/** `/etc/x/y` → `/etc/x`; a file right below /etc stays. */
function dirnameOrSelf(path: string): string {
  const parent = dirname(path);
  return parent === '/etc' ? path : parent;
}

interface ShippedFile extends Candidate {
  readonly mode: number;
  readonly isLink: boolean;
  /** A program outside PATH: an executable that is no data. */
  readonly helper: boolean;
  /** A shared object: the rule of plugins is about those. */
  readonly library: boolean;
}

/** Those that are there as files or links, with what decides about them. */
async function filesAmong(matches: readonly Match[], shipped: Shipped, facts: Facts): Promise<ShippedFile[]> {
  const found: ShippedFile[] = [];
  for (const match of matches) {
    const node = await facts.files.lookup(match.path);
    if (node?.kind !== 'file' && node?.kind !== 'symlink') continue;
    const isLink = node.kind === 'symlink';
    const { mode } = node.meta;
    const outside = !/^\/(?:usr\/share|etc)\//.test(match.path);
    const library = /\.so(?:\.[\d.]+)?$/.test(match.path);
    const helper = outside && !library && (isLink || (mode & ANY_EXECUTE) !== 0);
    const size = isLink ? 0 : node.content.size;
    found.push({ ...match, size, own: shipped.own.has(match.path), mode, isLink, helper, library });
  }
  return found;
}

/** The text of a file without NUL bytes at its beginning. */
async function textOf(path: string, facts: Facts): Promise<string | undefined> {
  const found = await facts.files.resolve(path);
  if (found.kind === 'missing' || found.node.kind !== 'file') return undefined;
  const head = await facts.files.read(found.node, { offset: 0, size: 512 });
  return head.includes(0) ? undefined : facts.text(path);
}

/** What the process maps: of a library, the library alone. */
async function loadSize({ path, use, loaded }: Subject, facts: Facts): Promise<number> {
  const paths = use === 'program' ? (loaded?.objects.map(({ realPath }) => realPath) ?? [path]) : [path];
  let size = 0;
  for (const one of new Set(paths)) {
    const node = await facts.files.lookup(one);
    if (node?.kind === 'file') size += node.content.size;
  }
  return size;
}

function dataRequirement({ path, strength, clarity, text, from }: Choice, subject: Subject): Requirement {
  const said: Record<Choice['clarity'], string> = {
    path: text === path ? 'names it' : `names it, as "${text}"`,
    name: `names "${text}"`,
    word: `makes its name from "${text}" and a word of its own`,
    glob: `reads "${text}"`,
    pattern: `makes names like it from "${text}"`,
    directory: `names the directory ${text}`,
  };
  const unmet = {
    code: 'data-missing',
    message: `${from ?? subject.path} ${said[clarity]}; the package database says that ${path} comes with it, and it is not there`,
    fix: `add it: --add ${path}`,
  } as const;
  const because = `${said[clarity]}, and its package ships it`;
  const requirement = { want: { kind: 'path', path, use: 'data' }, strength, because, unmet } as const;
  return from === undefined ? requirement : { ...requirement, from };
}

/** What is left of each directory, as one tree. */
async function suggestions(choices: readonly Choice[], facts: Facts): Promise<Requirement[]> {
  const groups = Map.groupBy(
    choices.filter(({ strength }) => strength === 'suggested'),
    ({ directory }) => directory,
  );
  const all: Requirement[] = [];
  for (const [directory, members] of groups) {
    const found = await facts.files.resolve(directory);
    if (found.kind === 'missing') continue;
    const wanted = new Set(members.map(({ path }) => found.path + path.slice(directory.length)));
    const want = { kind: 'tree', path: directory, include: (path: string) => wanted.has(path), use: 'data' } as const;
    const because = `names the directory ${directory}, in which its packages ship ${wanted.size} more files`;
    all.push({ want, strength: 'suggested', because });
  }
  return all;
}

interface Asking {
  readonly mentions: Mentions;
  readonly shipped: Shipped;
  readonly facts: Facts;
  readonly subject: Subject;
}

/** Programs that it starts by itself: not those meant for people, nor scripts, which bring an interpreter, nor set-ID ones. */
async function helperRequirements(helpers: readonly ShippedFile[], asking: Asking): Promise<Requirement[]> {
  const all: Requirement[] = [];
  for (const one of helpers) {
    const { path } = one;
    if (path === asking.subject.path) continue;
    const direct = one.clarity === 'path' ? path : helperMention(path, asking.mentions);
    const because = `starts "${direct ?? one.text}" from ${dirname(path)}, where its package ships it`;
    all.push({ want: { kind: 'path', path }, strength: await helperStrength(one, direct, asking), because });
  }
  return all;
}

async function helperStrength(one: ShippedFile, direct: string | undefined, asking: Asking): Promise<Strength> {
  if (direct === undefined || !one.own || (one.mode & SET_ID) !== 0) return 'suggested';
  if (one.isLink) return (await leadsToProgram(one.path, asking.facts)) ? 'recommended' : 'suggested';
  if (asking.shipped.documented.has(basename(one.path))) return 'suggested';
  return (await asking.facts.elf(one.path)) === undefined ? 'suggested' : 'recommended';
}

async function leadsToProgram(link: string, facts: Facts): Promise<boolean> {
  const end = await facts.files.resolve(link);
  return end.kind === 'found' && end.node.kind === 'file' && (await facts.elf(end.path)) !== undefined;
}
