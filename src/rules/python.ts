/**
 * Python: the standard library that an interpreter finds by landmarks on disk, and the modules that a script imports. See
 * `docs/rules/python.md`.
 * @module
 */
import { basename } from '../base/path.ts';
import { findProgram } from './programs.ts';
import { findInstallation, type Installation } from './python/installation.ts';
import { START_UP } from './python/library.ts';
import { forScript, installationOf } from './python/script.ts';
import { wholeLibrary } from './python/standard-library.ts';
import type { Facts, Requirement, Rule, Strength, Subject } from './rule.ts';
import { carries, runsScriptOf } from './runtimes.ts';
import { interpreterOf } from './scripts.ts';

const LIBRARY = /^libpython3/;
const INTERPRETER = /^python(?:\d(?:\.\d+)?)?$/;

export const python: Rule = {
  name: 'python',
  summary: "Python's standard library, and the modules that Python scripts import",
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
    const found = await findProgram(facts.files, 'python3', { path: facts.env['PATH'] ?? '' });
    const installation = found.found ? await installationOf(found, facts) : undefined;
    return installation === undefined ? [] : wholeLibrary(installation, 'recommended', facts);
  },
};

/** A program that is or carries an interpreter. The whole library, unless it only runs a script whose imports are known. */
async function forInterpreter(subject: Subject, facts: Facts): Promise<Requirement[]> {
  const isLibrary = LIBRARY.test(subject.elf?.dynamic?.soname ?? '');
  const isCarrier = isLibrary || (subject.use === 'program' && (await carries('python', subject.path, facts)));
  if (!isCarrier) return [];
  const installation = await findInstallation(subject.program, subject.path, facts);
  if (installation === undefined) return [missingLibrary(subject.path)];
  const embedded = isLibrary && !INTERPRETER.test(basename(subject.program));
  const alone = !embedded && (await runsScriptOf(INTERPRETER, facts)) === undefined;
  return [
    ...startUp(installation, embedded ? 'recommended' : 'required'),
    ...(await wholeLibrary(installation, alone ? 'recommended' : 'suggested', facts)),
  ];
}

const DIES = 'the interpreter ends at its start with "No module named \'encodings\'"';

function missingLibrary(path: string): Requirement {
  return {
    want: { kind: 'path', path: '/usr/lib/python3/os.py' },
    strength: 'required',
    because: 'is a Python interpreter, which needs its standard library',
    unmet: {
      code: 'data-missing',
      message: `${path} is a Python interpreter, and its standard library (lib/pythonX.Y above it) is not there: ${DIES}`,
      fix: 'add the standard library of the same version: --with python, or --add its directory',
    },
  };
}

function startUp({ as }: Installation, strength: Strength): Requirement[] {
  return START_UP.map((relative) => ({
    want: { kind: 'path', path: `${as}/${relative}`, use: 'data' },
    strength: relative.startsWith('encodings/') ? strength : 'recommended',
    because: 'imports it at its start',
    unmet: {
      code: 'data-missing',
      message: `${as}/${relative} is not there: ${DIES}, or soon after`,
      fix: 'add the standard library of the same version: --with python',
    },
  }));
}
