/**
 * Python: the standard library that an interpreter finds by landmarks on disk, and the modules that a script imports. See
 * `docs/rules/python.md`.
 * @module
 */
import { basename, dirname } from '../base/path.ts';
import { findProgram } from './programs.ts';
import { type Reached, reachModules } from './python/graph.ts';
import { findInstallation, type Installation } from './python/installation.ts';
import { IMPLICIT, isLibraryFile, moduleStrength, START_UP } from './python/library.ts';
import type { Facts, Requirement, Rule, Strength, Subject } from './rule.ts';
import { carrierOf, carries, runsScriptOf } from './runtimes.ts';
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

async function wholeLibrary(
  { library, modules, zip }: Installation,
  strength: Strength,
  facts: Facts,
): Promise<Requirement[]> {
  const because = 'finds its standard library by the landmark os.py above it';
  const include = (path: string) => isLibraryFile(path.slice(library.length + 1));
  const all: Requirement[] = [{ want: { kind: 'tree', path: library, include, use: 'data' }, strength, because }];
  if ((await facts.files.resolve(zip)).kind === 'found') {
    all.push({ want: { kind: 'path', path: zip, use: 'data' }, strength, because: 'imports from it first' });
  }
  for (const name of (await facts.files.list(modules)) ?? []) {
    const weight = moduleStrength(name);
    if (weight === undefined) continue;
    const want = { kind: 'path', path: `${modules}/${name}`, use: 'module' } as const;
    const own = strength === 'suggested' ? strength : weight;
    all.push({ want, strength: own, because: 'finds the extension modules of its standard library beside it' });
  }
  return all;
}

async function installationOf(found: { readonly as: string; readonly path: string }, facts: Facts) {
  return findInstallation(found.as, await carrierOf(found.path, LIBRARY, facts), facts);
}

async function forScript(script: string, interpreter: string, facts: Facts): Promise<Requirement[]> {
  const found = await findProgram(facts.files, interpreter, { path: facts.env['PATH'] ?? '' });
  const installation = found.found ? await installationOf(found, facts) : undefined;
  if (!found.found || installation === undefined) return [];
  const { library, modules, packages, environment } = installation;
  const given = (facts.env['PYTHONPATH'] ?? '').split(':').filter((one) => one.startsWith('/'));
  const directories = [dirname(script), ...given, library, modules, ...packages];
  const start = [script, ...IMPLICIT.map((relative) => `${library}/${relative}`)];
  const reached = await reachModules(start, { directories, packages: new Set(packages) }, facts);
  return [
    ...(environment === undefined
      ? []
      : [data(environment, 'recommended', 'belongs to the environment that it describes')]),
    ...(await implicit(library, facts)),
    ...moduleWants(reached, installation),
    ...(await installedWants(reached, installation, facts)),
    ...(await unresolved(reached, { script, carrier: found.path }, facts)),
    ...(reached.dynamic.some((file) => !file.startsWith(`${library}/`))
      ? await wholeLibrary(installation, 'suggested', facts)
      : []),
  ];
}

function data(path: string, strength: Strength, because: string): Requirement {
  return { want: { kind: 'path', path, use: 'data' }, strength, because };
}

async function implicit(library: string, facts: Facts): Promise<Requirement[]> {
  const all: Requirement[] = [];
  for (const relative of IMPLICIT) {
    const path = `${library}/${relative}`;
    if ((await facts.files.resolve(path)).kind === 'missing') continue;
    all.push(data(path, 'recommended', 'is a script for Python, whose interpreter imports it by itself'));
  }
  return all;
}

function moduleWants({ sources, extensions, packages }: Reached, { library }: Installation): Requirement[] {
  const installed = [...packages.keys()];
  const single = ([path]: readonly [string, string]) =>
    !installed.some((one) => path === one || path.startsWith(`${one}/`));
  const wants = (found: ReadonlyMap<string, string>, use: 'data' | 'module') =>
    [...found].filter(single).map(([path, from]): Requirement => {
      const because = path.startsWith(`${library}/`) ? 'imports it, a module of the standard library' : 'imports it';
      return { want: { kind: 'path', path, use }, strength: 'recommended', because, from };
    });
  return [...wants(sources, 'data'), ...wants(extensions, 'module')];
}

/** Installed packages come as a whole, with what describes them: they find their data beside their modules. */
async function installedWants(reached: Reached, installation: Installation, facts: Facts): Promise<Requirement[]> {
  const all: Requirement[] = [];
  for (const [path, from] of reached.packages) {
    const include = (file: string) =>
      !/\/(?:__pycache__|tests?)\//.test(file) && !/\.(?:pyc|pyi|pyx|pxd|c|h)$/.test(file);
    all.push({ want: { kind: 'tree', path, include }, strength: 'recommended', because: 'imports this package', from });
  }
  for (const directory of installation.packages) {
    for (const name of (await facts.files.list(directory)) ?? []) {
      const top = await describedPackage(`${directory}/${name}`, facts);
      const from = top.map((one) => reached.packages.get(`${directory}/${one}`)).find((one) => one !== undefined);
      if (from === undefined) continue;
      const want = { kind: 'tree', path: `${directory}/${name}`, use: 'data' } as const;
      all.push({
        want,
        strength: 'recommended',
        because: 'imports the package that this describes (importlib.metadata)',
        from,
      });
    }
  }
  return all;
}

/** Top-level names of the distribution that a `.dist-info` or `.egg-info` directory describes. */
async function describedPackage(path: string, facts: Facts): Promise<string[]> {
  const name = /^(.+?)-[^-]+(?:-py[\d.]+)?\.(?:dist|egg)-info$/.exec(basename(path))?.[1];
  if (name === undefined) return [];
  const listed = ((await facts.text(`${path}/top_level.txt`)) ?? '').split('\n').filter((line) => line !== '');
  return [...listed, name, name.replaceAll('-', '_'), name.toLowerCase()];
}

/** Of the script itself: what it imports and nobody has. Modules that are built in stand among the interpreter's strings. */
async function unresolved(
  reached: Reached,
  { script, carrier }: { readonly script: string; readonly carrier: string },
  facts: Facts,
): Promise<Requirement[]> {
  const names = [...reached.unresolved].filter(([, from]) => from === script).map(([name]) => name);
  const builtIn = await facts.mentions(
    carrier,
    names.map((name) => `${name}\0`),
  );
  return names
    .filter((name) => !builtIn.has(`${name}\0`))
    .map((name) => ({
      want: { kind: 'path', path: `${dirname(script)}/${name}.py` },
      strength: 'recommended',
      because: `imports ${name}`,
      unmet: {
        code: 'data-missing',
        message: `${script} imports ${name}, and no such module is found along Python's path`,
        fix: `install the package that has it, or add it: --add DIRECTORY/${name}`,
      },
    }));
}
