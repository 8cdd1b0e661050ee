/**
 * Character sets: iconv(3), and the conversions that glibc loads as modules for all but UTF-8, UCS-2, UCS-4 and ASCII. There
 * are eight megabytes of them, so that only those go in that something names.
 * @module
 */
import { localesOf } from './locales.ts';
import { isLibcItself, type ProcessLibc, processLibc } from './process-libc.ts';
import type { Facts, Requirement, Rule, Strength, Subject } from './rule.ts';

const ICONV = /^(?:lib)?iconv_open$/;
const SETLOCALE = /^(?:setlocale|newlocale)$/;

/** A program that names more character sets than this offers them to its user; one that names fewer uses them itself. */
const MOST_USED = 8;

export const gconv: Rule = {
  name: 'gconv',
  summary: 'conversions of character sets (glibc gconv modules) that a program or the locale names',
  file: async (subject, facts) => {
    if (subject.elf === undefined || isLibcItself(subject)) return [];
    const symbols = [...(await facts.symbols(subject.path))];
    const iconv = symbols.find((name) => ICONV.test(name));
    const setlocale = symbols.find((name) => SETLOCALE.test(name));
    if (iconv === undefined && setlocale === undefined) return [];
    const libc = await processLibc(subject, facts);
    const dir = libc?.libc === 'glibc' ? await moduleDirectory(libc, facts) : undefined;
    if (dir === undefined) return [];
    return [
      ...(setlocale === undefined ? [] : await forLocales(dir, facts)),
      ...(iconv === undefined || subject.use !== 'program' ? [] : await forProgram(subject, dir, facts)),
    ];
  },
};

/** Compiled into the C library: `/usr/lib/x86_64-linux-gnu/gconv`. */
async function moduleDirectory(libc: ProcessLibc, facts: Facts): Promise<string | undefined> {
  if (libc.path === undefined) return undefined;
  return (await facts.strings(libc.path)).find((text) => /^\/[^:%]+\/gconv$/.test(text));
}

/** The codeset of a locale: setlocale fails where it cannot be converted. */
async function forLocales(dir: string, facts: Facts): Promise<Requirement[]> {
  const all: Requirement[] = [];
  for (const [name, variable] of localesOf(facts.env)) {
    const codeset = /\.([^@]+)/.exec(name)?.[1];
    if (codeset === undefined) continue;
    const because = `runs in the locale ${name} (${variable}), whose character set is ${codeset}`;
    all.push(...(await modulesFor([codeset], { dir, strength: 'recommended', because }, facts)));
  }
  return all;
}

async function forProgram(subject: Subject, dir: string, facts: Facts): Promise<Requirement[]> {
  const index = await readIndex(dir, facts);
  const named = (await facts.strings(subject.path)).filter((text) => index.has(text.toUpperCase()));
  const strength = named.length <= MOST_USED ? 'recommended' : 'suggested';
  const because = `calls iconv_open and names ${named.slice(0, MOST_USED).join(', ')}${strength === 'suggested' ? ' …' : ''}`;
  const rest: Requirement = {
    want: { kind: 'tree', path: dir },
    strength: 'suggested',
    because: 'calls iconv_open, with character sets that only its user knows',
  };
  return [...(await modulesFor(named, { dir, strength, because }, facts)), rest];
}

interface Asking {
  readonly dir: string;
  readonly strength: Strength;
  readonly because: string;
}

async function modulesFor(
  charsets: readonly string[],
  { dir, strength, because }: Asking,
  facts: Facts,
): Promise<Requirement[]> {
  const index = await readIndex(dir, facts);
  const modules = new Set(charsets.flatMap((charset) => index.get(charset.toUpperCase()) ?? []));
  if (modules.size === 0) return [];
  const cache = `${dir}/gconv-modules.cache`;
  const hasCache = (await facts.files.resolve(cache)).kind === 'found';
  const tables = hasCache ? [cache] : [`${dir}/gconv-modules`, `${dir}/gconv-modules.d/gconv-modules-extra.conf`];
  return [
    ...[...modules].sort().map(
      (name): Requirement => ({
        want: { kind: 'path', path: `${dir}/${name}.so`, use: 'module' },
        strength,
        because,
      }),
    ),
    ...tables.map((path): Requirement => ({ want: { kind: 'path', path, use: 'data' }, strength, because })),
  ];
}

type Index = ReadonlyMap<string, readonly string[]>;

/** Character set, in capitals → modules. Those that are built in are not listed in any file. */
async function readIndex(dir: string, facts: Facts): Promise<Index> {
  const found = await facts.files.resolve(`${dir}/gconv-modules.d`);
  const more = found.kind === 'found' ? ((await facts.files.list(found.path)) ?? []) : [];
  const paths = [
    `${dir}/gconv-modules`,
    ...more.filter((name) => name.endsWith('.conf')).map((name) => `${dir}/gconv-modules.d/${name}`),
  ];
  const texts = await Promise.all(paths.map((path) => facts.text(path)));
  return parseIndex(texts.map((text) => text ?? '').join('\n'));
}

/** Lines `alias NAME// SET//` and `module FROM// TO// FILE COST` (glibc iconv/gconv_conf.c); one side is always INTERNAL. */
export function parseIndex(text: string): Index {
  const modules = new Map<string, Set<string>>();
  const aliases: [string, string][] = [];
  for (const line of text.split('\n')) {
    const [kind, from = '', to = '', file] = line.trim().split(/\s+/);
    if (kind === 'alias') aliases.push([bare(from), bare(to)]);
    if (kind !== 'module' || file === undefined) continue;
    for (const set of [bare(from), bare(to)].filter((name) => name !== 'INTERNAL')) {
      modules.set(set, (modules.get(set) ?? new Set()).add(file));
    }
  }
  for (const [alias, set] of aliases) {
    const known = modules.get(set);
    if (known !== undefined && !modules.has(alias)) modules.set(alias, known);
  }
  return new Map([...modules].map(([set, files]) => [set, [...files].sort()]));
}

function bare(name: string): string {
  return name.replace(/\/.*$/, '').toUpperCase();
}
