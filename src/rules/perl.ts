/**
 * Perl: the modules that come with an interpreter, in the directories of its `@INC`, and the modules that a script loads. See
 * `docs/rules/perl.md`.
 * @module
 */

import { type Reached, reachModules } from './perl/graph.ts';
import { findInstallation, type Installation } from './perl/installation.ts';
import { IMPLICIT, isLibraryFile, isRareModule } from './perl/library.ts';
import { findProgram } from './programs.ts';
import type { Facts, Requirement, Rule, Strength, Subject } from './rule.ts';
import { carrierOf, carries, runsScriptOf } from './runtimes.ts';
import { interpreterOf } from './scripts.ts';

const LIBRARY = /^libperl\.so/;
const INTERPRETER = /^perl(?:5(?:\.\d+)*(?:-[\w-]+)?)?$/;

export const perl: Rule = {
  name: 'perl',
  summary: 'the modules that come with Perl, and those that Perl scripts load',
  file: async (subject, facts) => {
    if (subject.elf !== undefined) return forInterpreter(subject, facts);
    const interpreter = interpreterOf(subject.hashBang);
    if (subject.use !== 'program' || interpreter === undefined || !INTERPRETER.test(interpreter.name)) return [];
    return forScript(subject.path, interpreter.command ?? interpreter.path, facts);
  },
  image: async (facts) => {
    const entry = await runsScriptOf(INTERPRETER, facts);
    return entry?.interpreter === undefined ? [] : forScript(entry.script, entry.interpreter, facts);
  },
  forced: async (facts) => {
    const found = await findProgram(facts.files, 'perl', { path: facts.env['PATH'] ?? '' });
    if (!found.found || (await facts.elf(found.path)) === undefined) return [];
    const carrier = await carrierOf(found.path, LIBRARY, facts);
    return wholeLibrary(await findInstallation(carrier, facts), 'recommended', facts);
  },
};

/** A program that is or carries an interpreter. All that comes with Perl, unless it only runs a script that tells what it loads. */
async function forInterpreter(subject: Subject, facts: Facts): Promise<Requirement[]> {
  const isLibrary = LIBRARY.test(subject.elf?.dynamic?.soname ?? '');
  const isCarrier = isLibrary || (subject.use === 'program' && (await carries('perl', subject.path, facts)));
  if (!isCarrier) return [];
  const installation = await findInstallation(subject.path, facts);
  const alone = INTERPRETER.test(nameOf(subject.program)) && (await runsScriptOf(INTERPRETER, facts)) === undefined;
  return wholeLibrary(installation, alone ? 'recommended' : 'suggested', facts);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

async function wholeLibrary({ core }: Installation, strength: Strength, facts: Facts): Promise<Requirement[]> {
  const because = 'looks for modules there (@INC), and those of Perl itself are in it';
  const all: Requirement[] = [];
  for (const { as, path } of core) {
    const include = (file: string) => {
      const relative = file.startsWith(`${path}/`) ? file.slice(path.length + 1) : file;
      return isLibraryFile(relative) && !relative.endsWith('.so');
    };
    all.push({ want: { kind: 'tree', path: as, include, use: 'data' }, strength, because });
    for (const module of await modulesBelow(`${path}/auto`, facts)) {
      const own = isRareModule(module) || !isLibraryFile(module.slice(path.length + 6)) ? 'suggested' : strength;
      all.push({ want: { kind: 'path', path: module, use: 'module' }, strength: own, because });
    }
  }
  return all;
}

async function modulesBelow(directory: string, facts: Facts): Promise<string[]> {
  const found: string[] = [];
  const todo = [directory];
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    for (const name of (await facts.files.list(at)) ?? []) {
      if (name.endsWith('.so')) found.push(`${at}/${name}`);
      else if (!name.includes('.')) todo.push(`${at}/${name}`);
    }
  }
  return found.sort();
}

async function forScript(script: string, interpreter: string, facts: Facts): Promise<Requirement[]> {
  const found = await findProgram(facts.files, interpreter, { path: facts.env['PATH'] ?? '' });
  if (!found.found || (await facts.elf(found.path)) === undefined) return [];
  const installation = await findInstallation(await carrierOf(found.path, LIBRARY, facts), facts);
  const reached = await reachModules(script, IMPLICIT, installation.directories, facts);
  const rest = reached.dynamic.some((file) => !installation.core.some(({ path }) => file.startsWith(`${path}/`)));
  return [
    ...wants(reached),
    ...unresolved(reached, script),
    ...(rest ? await wholeLibrary(installation, 'suggested', facts) : []),
  ];
}

function wants({ sources, compiled, autoloaded }: Reached): Requirement[] {
  const strength: Strength = 'recommended';
  return [
    ...[...sources.values()].map(({ as, from }): Requirement => {
      return { want: { kind: 'path', path: as, use: 'data' }, strength, because: 'loads it (use, require)', from };
    }),
    ...[...compiled.values()].map(({ as, from }): Requirement => {
      return { want: { kind: 'path', path: as, use: 'module' }, strength, because: 'has this compiled part', from };
    }),
    ...[...autoloaded.values()].map(({ as, from }): Requirement => {
      return {
        want: { kind: 'tree', path: as },
        strength,
        because: 'loads its functions from there (AutoLoader)',
        from,
      };
    }),
  ];
}

function unresolved(reached: Reached, script: string): Requirement[] {
  return [...reached.unresolved]
    .filter(([, from]) => from === script)
    .map(([name]) => ({
      want: { kind: 'path', path: `/usr/share/perl5/${name}` },
      strength: 'recommended',
      because: `loads ${name}`,
      unmet: {
        code: 'data-missing',
        message: `${script} loads ${name}, and no directory of @INC has it`,
        fix: 'install the package that has it, or add it: --add FILE',
      },
    }));
}
