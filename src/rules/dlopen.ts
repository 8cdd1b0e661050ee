/**
 * Libraries that are opened at run time by name: those that an ELF file declares (`.note.dlopen`,
 * https://systemd.io/ELF_DLOPEN_METADATA), those whose names stand among its strings, and those that glibc opens itself. See
 * `docs/rules/dlopen.md`.
 * @module
 */
import type { ElfNote } from '../formats/elf/types.ts';
import type { Facts, Requirement, Rule, Strength, Subject, Want } from './rule.ts';

const NOTE_OWNER = 'FDO';
const NOTE_TYPE = 0x407c0c0a;

/** Functions that open a library by a name that the caller gives. */
const OPENS = new Set([
  'dlopen',
  'dlmopen',
  'g_module_open',
  'g_module_open_full',
  'lt_dlopen',
  'lt_dlopenext',
  'SDL_LoadObject',
]);

/** As ld.so takes it: without a slash, with the version that says which interface is meant. */
const SONAME = /^lib[\w+.-]*\.so(?:\.\d+)+$/;

/** More names than this are a list of something else. */
const MOST_NAMES = 64;

export const dlopen: Rule = {
  name: 'dlopen',
  summary: 'libraries opened at run time by name: declared in .note.dlopen, named in strings, opened by the C library',
  file: async (subject, facts) => {
    if (subject.elf === undefined || subject.use === 'data') return [];
    const declared = declarations(subject.elf.notes);
    return [
      ...declared.map((one) => declaredWant(one, subject)),
      ...(await namedWants(subject, new Set(declared.flatMap(({ sonames }) => sonames)), facts)),
      ...(await unwinder(subject, facts)),
    ];
  },
};

interface Declaration {
  /** In order of preference: one of them is enough. */
  readonly sonames: readonly string[];
  readonly feature: string | undefined;
  readonly description: string | undefined;
  readonly strength: Strength;
}

function declarations(notes: readonly ElfNote[]): Declaration[] {
  return notes
    .filter(({ owner, type }) => owner === NOTE_OWNER && type === NOTE_TYPE)
    .flatMap(({ desc }) => parseNote(Buffer.from(desc).toString('utf8').replace(/\0+$/, '')));
}

/** A note that is no array of objects with sonames says nothing: it comes from a stranger's file. */
function parseNote(text: string): Declaration[] {
  const value = parseJson(text);
  return (Array.isArray(value) ? value : []).flatMap((one: unknown) => {
    if (typeof one !== 'object' || one === null || !('soname' in one) || !Array.isArray(one.soname)) return [];
    const sonames = one.soname.filter((name): name is string => typeof name === 'string' && !/[/\0]/.test(name));
    const text = (key: string) => {
      const field = (one as Record<string, unknown>)[key];
      return typeof field === 'string' ? field : undefined;
    };
    const strength = toStrength(text('priority'));
    return sonames.length === 0
      ? []
      : [{ sonames, feature: text('feature'), description: text('description'), strength }];
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The field is optional. */
function toStrength(priority: string | undefined): Strength {
  return priority === 'required' || priority === 'suggested' ? priority : 'recommended';
}

function declaredWant({ sonames, feature, description, strength }: Declaration, { path, use }: Subject): Requirement {
  const wants: Want[] = sonames.map((name) => ({ kind: 'library', name, by: path }));
  const [first] = wants;
  const want: Want = wants.length === 1 && first !== undefined ? first : { kind: 'first', of: wants };
  const what = description ?? feature;
  const because = `declares that it opens it at run time (.note.dlopen${what === undefined ? '' : `: ${what}`})`;
  // What a library recommends for its own features says little about the program that has it.
  if (strength === 'suggested' || (strength === 'recommended' && use !== 'program')) return { want, strength, because };
  const unmet = {
    code: 'data-missing',
    message: `${path} opens ${sonames.join(' or ')} at run time${what === undefined ? '' : ` (${what})`}, and it is not there`,
    fix: `add it: --add the library's path`,
  } as const;
  return { want, strength, because, unmet };
}

/** A name alone does not tell whether it is ever opened: these are suggestions. */
async function namedWants(subject: Subject, declared: ReadonlySet<string>, facts: Facts): Promise<Requirement[]> {
  const symbols = await facts.symbols(subject.path);
  const opener = [...symbols].find((name) => OPENS.has(name));
  if (opener === undefined) return [];
  const present = new Set(subject.loaded?.objects.map(({ name }) => name));
  const names = (await facts.strings(subject.path)).filter((text) => SONAME.test(text));
  if (names.length > MOST_NAMES) return [];
  return names
    .filter((name) => !present.has(name) && !declared.has(name) && name !== subject.elf?.dynamic?.soname)
    .map((name) => {
      const want = { kind: 'library', name, by: subject.path } as const;
      return { want, strength: 'suggested', because: `calls ${opener} and has the name ${name} among its strings` };
    });
}

const UNWINDER = 'libgcc_s.so.1';

/** Functions of glibc that unwind the stack, for which it opens the compiler's library (sysdeps/…/unwind-resume, backtrace). */
const UNWINDS: Readonly<Record<string, { strength: Strength; without: string }>> = {
  pthread_exit: { strength: 'recommended', without: 'the process is aborted when a thread ends itself' },
  pthread_cancel: { strength: 'recommended', without: 'the process is aborted when a thread is cancelled' },
  backtrace: { strength: 'recommended', without: 'reports of a crash have no call stack' },
};

async function unwinder({ path, use, loaded }: Subject, facts: Facts): Promise<Requirement[]> {
  if (loaded?.libc !== 'glibc' || loaded.objects.some(({ name }) => name === UNWINDER)) return [];
  const libc = loaded.objects.find(({ name }) => name === 'libc.so.6')?.realPath;
  if (libc === undefined || path === libc) return [];
  const symbols = await facts.symbols(path);
  const called = Object.keys(UNWINDS).find((name) => symbols.has(name));
  const known = called === undefined ? undefined : UNWINDS[called];
  if (called === undefined || known === undefined) return [];
  const want = { kind: 'library', name: UNWINDER, by: libc } as const;
  const because = `calls ${called}, for which the C library opens it`;
  if (use !== 'program') return [{ want, strength: called === 'backtrace' ? 'suggested' : known.strength, because }];
  const unmet = {
    code: 'data-missing',
    message: `${path} calls ${called}, for which glibc opens ${UNWINDER} at run time, and it is not there: ${known.without}`,
    fix: `add ${UNWINDER}, of the package libgcc-s1 or libgcc`,
  } as const;
  return [{ want, strength: known.strength, because, unmet }];
}
