/** What a script wants: the modules that it reaches, and the packages they are from. @module */
import { basename, dirname } from '../../base/path.ts';
import { findProgram } from '../programs.ts';
import type { Facts, Requirement, Strength } from '../rule.ts';
import { carrierOf } from '../runtimes.ts';
import { type Reached, reachModules } from './graph.ts';
import { findInstallation, type Installation } from './installation.ts';
import { IMPLICIT } from './library.ts';
import { wholeLibrary } from './standard-library.ts';

const LIBRARY = /^libpython3/;

/** The installation of the interpreter that a look-up has found. */
export async function installationOf(found: { readonly as: string; readonly path: string }, facts: Facts) {
  return findInstallation(found.as, await carrierOf(found.path, LIBRARY, facts), facts);
}

/** What a script at a physical path wants, started by this interpreter: a path, or a name to be looked up in PATH. */
export async function forScript(script: string, interpreter: string, facts: Facts): Promise<Requirement[]> {
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
