/**
 * What the package of a kept program ships for it at run time: configuration, data, helper programs. The package database
 * says what there is, the program's own strings say what of it counts. See `docs/rules/package-data.md`.
 * @module
 */
import { dirname } from '../base/path.ts';
import { type Choice, choose } from './package-data/choose.ts';
import { filesAmong, textOf } from './package-data/files.ts';
import { helperRequirements } from './package-data/helpers.ts';
import { matchShipped } from './package-data/match.ts';
import { readMentions } from './package-data/mentions.ts';
import { shippedWith } from './package-data/shipped.ts';
import { unpackagedConfiguration } from './package-data/unpackaged.ts';
import { usrMergeSpellings } from './packages/aliases.ts';
import type { Facts, Requirement, Rule, Subject } from './rule.ts';

export const packageData: Rule = {
  name: 'package-data',
  summary: 'configuration, data and helper programs that the package of a program ships for it',
  file: async (subject, facts) => {
    if (subject.elf === undefined || subject.use === 'data' || isCLibrary(subject)) return [];
    const packages = await facts.packages();
    if (packages.kind === undefined) return unpackagedConfiguration(subject, facts);
    const owner = await packages.owner(subject.path);
    if (owner === undefined) return [];
    const physical = await physicalSpelling(facts);
    const shipped = await shippedWith(packages, `${owner.name}:${owner.architecture}`, physical);
    // What needs a library in turn (tools, files for building) is not the library's data.
    const paths = subject.use === 'program' ? shipped.paths : shipped.paths.filter((path) => shipped.own.has(path));
    if (!(await mentionsAny(subject.path, paths, facts))) return [];
    const mentions = readMentions(await facts.strings(subject.path));
    const matches = matchShipped(paths, mentions, physical);
    const files = await filesAmong(matches, shipped, facts);
    const helpers = files.filter(({ helper }) => helper);
    const withHelpers = new Set(helpers.map(({ directory }) => directory));
    const data = files.filter(({ helper, library, clarity, directory }) => {
      return !helper && !library && !(clarity === 'directory' && withHelpers.has(directory));
    });
    const choices = await choose(data, { load: await loadSize(subject, facts), textOf: (path) => textOf(path, facts) });
    return [
      ...choices.filter(({ strength }) => strength !== 'suggested').map((choice) => dataRequirement(choice, subject)),
      ...suggestions(choices),
      ...(await helperRequirements(helpers, { mentions, shipped, facts, subject })),
    ];
  },
};

/** Where /usr is merged, databases and programs have both spellings. */
async function physicalSpelling({ files }: Facts): Promise<(path: string) => string> {
  const spellings = await usrMergeSpellings(files);
  return (path) => spellings(path).find((one) => one.startsWith('/usr/')) ?? path;
}

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

function dataRequirement({ as, strength, clarity, text, from }: Choice, subject: Subject): Requirement {
  const said: Record<Choice['clarity'], string> = {
    path: text === as ? 'names it' : `names it, as "${text}"`,
    name: `names "${text}"`,
    word: `makes its name from "${text}" and a word of its own`,
    glob: `reads "${text}"`,
    pattern: `makes names like it from "${text}"`,
    directory: `names the directory ${text}`,
  };
  const unmet = {
    code: 'data-missing',
    message: `${from ?? subject.path} ${said[clarity]}; the package database says that ${as} comes with it, and it is not there`,
    fix: `add it: --add ${as}`,
  } as const;
  const because = `${said[clarity]}, and its package ships it`;
  const requirement = { want: { kind: 'path', path: as, use: 'data' }, strength, because, unmet } as const;
  return from === undefined ? requirement : { ...requirement, from };
}

/** What is left of each directory, as one tree. */
function suggestions(choices: readonly Choice[]): Requirement[] {
  const groups = Map.groupBy(
    choices.filter(({ strength }) => strength === 'suggested'),
    ({ directory }) => directory,
  );
  const all: Requirement[] = [];
  for (const [directory, members] of groups) {
    const wanted = new Set(members.map(({ path }) => path));
    const want = { kind: 'tree', path: directory, include: (path: string) => wanted.has(path), use: 'data' } as const;
    const because = `names the directory ${directory}, in which its packages ship ${wanted.size} more files`;
    all.push({ want, strength: 'suggested', because });
  }
  return all;
}
