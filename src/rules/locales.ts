/** Locales: setlocale(3), locale(7). Those that the image's environment names; catalogues of messages are never wanted. @module */
import { isLibcItself, processLibc } from './process-libc.ts';
import type { Facts, Requirement, Rule, Want } from './rule.ts';

const LOCALE_DIR = '/usr/lib/locale';
const SETLOCALE = /^(?:setlocale|newlocale)$/;
const CATEGORIES = [
  'LC_CTYPE',
  'LC_NUMERIC',
  'LC_TIME',
  'LC_COLLATE',
  'LC_MONETARY',
  'LC_MESSAGES',
  'LC_PAPER',
  'LC_NAME',
  'LC_ADDRESS',
  'LC_TELEPHONE',
  'LC_MEASUREMENT',
  'LC_IDENTIFICATION',
];

export const locales: Rule = {
  name: 'locales',
  summary: 'the locales that LANG and LC_* of the config name',
  file: async (subject, facts) => {
    if (subject.elf === undefined || isLibcItself(subject)) return [];
    const called = [...(await facts.symbols(subject.path))].find((name) => SETLOCALE.test(name));
    if (called === undefined || (await processLibc(subject, facts))?.libc !== 'glibc') return [];
    const named = localesOf(facts.env);
    const dir = facts.env['LOCPATH'] ?? LOCALE_DIR;
    if (named.size === 0 && subject.use === 'program') {
      const want: Want = { kind: 'tree', path: `${dir}/C.utf8`, use: 'data' };
      return [
        { want, strength: 'suggested', because: `calls ${called}: C.UTF-8 is the one locale that fits everywhere` },
      ];
    }
    const because = (variable: string, name: string) => `calls ${called}, and the image sets ${variable}=${name}`;
    return Promise.all(
      [...named].map(([name, variable]) => wanted(name, { dir, variable, because: because(variable, name) }, facts)),
    );
  },
};

/** Locale names that the environment chooses (locale(7): LC_ALL, else each LC_*, else LANG) → the variable that does. */
export function localesOf(env: Facts['env']): ReadonlyMap<string, string> {
  const chosen = new Map<string, string>();
  const all = env['LC_ALL'] ?? '';
  for (const variable of all === '' ? [...CATEGORIES, 'LANG'] : ['LC_ALL']) {
    const name = env[variable] ?? '';
    if (name !== '' && name !== 'C' && name !== 'POSIX' && !name.includes('/') && !chosen.has(name))
      chosen.set(name, variable);
  }
  return chosen;
}

/** How glibc looks for a locale (locale/findlocale.c): in the archive, then by directories of more and more general names. */
async function wanted(
  name: string,
  { dir, variable, because }: { readonly dir: string; readonly variable: string; readonly because: string },
  facts: Facts,
): Promise<Requirement> {
  const archive = `${dir}/locale-archive`;
  const names = generalised(name);
  const trees = names.map((one): Want => ({ kind: 'tree', path: `${dir}/${one}`, use: 'data' }));
  const inArchive = await archiveHas(archive, names, facts);
  const of: readonly Want[] = inArchive ? [{ kind: 'path', path: archive, use: 'data' }, ...trees] : trees;
  return {
    want: { kind: 'first', of },
    strength: 'recommended',
    because,
    unmet: {
      code: 'data-missing',
      message: `the image sets ${variable}=${name}, and there is no such locale in ${dir}: its programs run in the C locale`,
      fix: `set ${variable} to a locale that is there (C.UTF-8), or install the locale in the source`,
    },
  };
}

/** `de_DE.UTF-8@euro` → `de_DE.UTF-8@euro`, `de_DE.utf8@euro`, `de_DE.utf8`, `de_DE`, `de.utf8`, `de`, each once. */
export function generalised(name: string): string[] {
  const {
    language = name,
    territory = '',
    codeset = '',
    modifier = '',
  } = /^(?<language>[^_.@]+)(?<territory>_[^.@]*)?(?:\.(?<codeset>[^@]*))?(?<modifier>@.*)?$/.exec(name)?.groups ?? {};
  const normal = codeset === '' ? '' : `.${normaliseCodeset(codeset)}`;
  const all = [name];
  for (const place of new Set([territory, ''])) {
    for (const end of [`${normal}${modifier}`, normal, modifier, '']) all.push(`${language}${place}${end}`);
  }
  return [...new Set(all)];
}

/** `UTF-8` → `utf8`, `ISO-8859-1` → `iso88591`, `8859-1` → `iso88591`: as glibc names its directories (_nl_normalize_codeset). */
function normaliseCodeset(codeset: string): string {
  const bare = codeset.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
  return /^\d+$/.test(bare) ? `iso${bare}` : bare;
}

async function archiveHas(archive: string, names: readonly string[], facts: Facts): Promise<boolean> {
  const found = await facts.files.resolve(archive);
  if (found.kind !== 'found' || found.node.kind !== 'file') return false;
  return (
    (
      await facts.mentions(
        found.path,
        names.filter((one) => /[_.]/.test(one)).map((one) => `${one}\0`),
      )
    ).size > 0
  );
}
