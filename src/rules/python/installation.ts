/**
 * Where an interpreter of Python finds its standard library: as Modules/getpath.py of CPython looks for it, by landmarks above
 * the program, and by `pyvenv.cfg` (PEP 405).
 * @module
 */
import { basename, dirname, joinPath } from '../../base/path.ts';
import type { Facts } from '../rule.ts';

export interface Installation {
  /** `3.11` */
  readonly version: string;
  /** Physical path of the directory that holds `os.py`; `as`: by which the interpreter finds it. */
  readonly library: string;
  readonly as: string;
  /** Physical path of `lib-dynload`, whether it is there or not. */
  readonly modules: string;
  /** `PREFIX/lib/python311.zip`: looked at first. */
  readonly zip: string;
  /** Directories of further packages that there are, in the order of sys.path. */
  readonly packages: readonly string[];
  /** Path of `pyvenv.cfg`, where the program belongs to a virtual environment. */
  readonly environment: string | undefined;
}

/**
 * @param program path by which it is started: its directory may hold `pyvenv.cfg`, the library may lie above where links lead
 * @param carrier the ELF file that holds the interpreter: the program itself or libpython
 */
export async function findInstallation(
  program: string,
  carrier: string,
  facts: Facts,
): Promise<Installation | undefined> {
  const environment = await environmentOf(program, facts);
  const starts = environment === undefined ? [] : [environment.home];
  const real = await facts.files.resolve(program);
  if (real.kind === 'found') starts.push(dirname(real.path));
  starts.push(dirname(program), '/usr/bin', '/usr/local/bin');
  const told = await versionOf(carrier, facts);
  for (const start of starts) {
    for (let prefix = start; ; prefix = dirname(prefix)) {
      const found = await libraryBelow(prefix, told, facts);
      if (found !== undefined) return complete(found, environment, facts);
      if (prefix === '/') break;
    }
  }
  return undefined;
}

interface Environment {
  readonly file: string;
  /** The directory of the interpreter it was made from. */
  readonly home: string;
}

async function environmentOf(program: string, facts: Facts): Promise<Environment | undefined> {
  for (const directory of [dirname(program), dirname(dirname(program))]) {
    const file = joinPath(directory, 'pyvenv.cfg');
    const home = /^\s*home\s*=\s*(\S.*?)\s*$/m.exec((await facts.text(file)) ?? '')?.[1];
    if (home !== undefined) return { file, home: joinPath('/', home) };
  }
  return undefined;
}

/** `3.11`, from the file's name or from the version among its strings. */
async function versionOf(carrier: string, facts: Facts): Promise<string | undefined> {
  const named = /python(\d\.\d+)/.exec(basename(carrier))?.[1];
  if (named !== undefined) return named;
  const strings = await facts.strings(carrier);
  return strings.map((text) => /^(3\.\d+)\.\d+(?:(?:a|b|rc)\d+)?\+?$/.exec(text)?.[1]).find((one) => one !== undefined);
}

interface Library {
  readonly as: string;
  readonly prefix: string;
  readonly version: string;
  readonly path: string;
}

async function libraryBelow(prefix: string, told: string | undefined, facts: Facts): Promise<Library | undefined> {
  for (const name of ['lib', 'lib64', 'local/lib']) {
    const parent = joinPath(prefix, name);
    const versions = told === undefined ? await versionsIn(parent, facts) : [told];
    for (const version of versions) {
      const as = joinPath(parent, `python${version}`);
      const found = await facts.files.resolve(as);
      if (found.kind === 'missing' || !(await facts.files.list(found.path))?.includes('os.py')) continue;
      return { prefix, version, path: found.path, as };
    }
  }
  return undefined;
}

async function versionsIn(directory: string, facts: Facts): Promise<string[]> {
  const found = await facts.files.resolve(directory);
  const names = found.kind === 'found' ? ((await facts.files.list(found.path)) ?? []) : [];
  return names.map((name) => /^python(3\.\d+)$/.exec(name)?.[1]).filter((version) => version !== undefined);
}

async function complete(
  { prefix, version, path, as }: Library,
  environment: Environment | undefined,
  facts: Facts,
): Promise<Installation> {
  const above = dirname(path);
  const candidates = [
    ...(environment === undefined ? [] : [joinPath(dirname(environment.file), `lib/python${version}/site-packages`)]),
    `/usr/local/lib/python${version}/dist-packages`,
    joinPath(prefix, `lib/python${version}/site-packages`),
    joinPath(prefix, 'lib/python3/dist-packages'),
    joinPath(prefix, `lib/python${version}/dist-packages`),
  ];
  const packages: string[] = [];
  for (const candidate of new Set(candidates)) {
    const found = await facts.files.resolve(candidate);
    if (found.kind === 'found' && found.node.kind === 'dir') packages.push(found.path);
  }
  return {
    version,
    library: path,
    as,
    modules: `${path}/lib-dynload`,
    zip: `${above}/python${version.replace('.', '')}.zip`,
    packages,
    environment: environment?.file,
  };
}
