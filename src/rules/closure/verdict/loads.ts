/** What is wrong with how programs and modules load. @module */
import { basename } from '../../../base/path.ts';
import type { Platform } from '../../../formats/oci/types.ts';
import { libcByName } from '../../../loader/interpreter.ts';
import type { Libc, MissingObject } from '../../../loader/types.ts';
import { platformOfElf } from '../../../model/elf-platform.ts';
import { formatPlatform, runnablePlatforms, samePlatform } from '../../../model/platform.ts';
import type { Files } from '../../../ports/files.ts';
import type { Finding } from '../../finding.ts';
import type { Facts } from '../../rule.ts';
import type { Load } from '../types.ts';
import { finding } from './make.ts';

export async function loadFindings(facts: Facts, loads: readonly Load[]): Promise<Finding[]> {
  const present = await libcsOf(facts.files);
  const findings: Finding[] = [];
  for (const load of loads) {
    const foreign = await architecture(facts, load);
    const mismatch = load.result.missing.map((one) => missing(load, one, present)).find(isMismatch);
    if (foreign !== undefined) findings.push(foreign);
    else if (mismatch !== undefined) findings.push(mismatch);
    else
      findings.push(
        ...fatal(load),
        ...load.result.missing.map((one) => missing(load, one, present)),
        ...versions(load),
      );
  }
  return findings;
}

/** Then all else that is missing follows from it. */
function isMismatch({ code }: Finding): boolean {
  return code === 'libc-mismatch';
}

/** A program for another machine than the image's. What a kernel runs beside its own (386 on amd64) is no error. */
async function architecture({ elf, platform }: Facts, load: Load): Promise<Finding | undefined> {
  const file = await elf(load.path);
  const own = file === undefined ? undefined : platformOfElf(file);
  if (own === undefined || load.path !== load.program) return undefined;
  if (own.architecture === platform.architecture || runs(platform, own)) return undefined;
  return finding('wrong-architecture', load.strength, {
    path: load.path,
    message: `it is a program for ${formatPlatform(own)}, and the image is for ${formatPlatform(platform)}: starting it says "exec format error"`,
    fix: `use the program built for ${formatPlatform(platform)}, or make the image with --platform ${formatPlatform(own)}`,
  });
}

function runs(image: Platform, program: Platform): boolean {
  return runnablePlatforms(image).some(
    (one) => samePlatform(one, program) || one.architecture === program.architecture,
  );
}

function fatal({ path, strength, result }: Load): Finding[] {
  if (result.fatal === undefined) return [];
  const message = `the loader gives up: ${result.fatal.message}`;
  return [finding('missing-library', strength, { path, message, fix: 'remove what is in the way of the library' })];
}

function missing(load: Load, object: MissingObject, present: ReadonlySet<Libc>): Finding {
  if (object.via === 'interpreter') return missingInterpreter(load, object, present);
  const { strength, program } = load;
  const path = object.by;
  const foreign = libcMismatch(load, object);
  if (foreign !== undefined) return finding('libc-mismatch', strength, { path, ...foreign });
  const where = object.tried.length === 0 ? '' : ` (looked for ${few(object.tried)})`;
  const user = path === program ? 'it is' : `it is loaded by ${program} and`;
  if (
    object.rejected.length > 0 &&
    object.rejected.every(({ why }) => /machine|class|architecture|ELFCLASS/i.test(why))
  ) {
    const [first] = object.rejected;
    return finding('wrong-architecture', strength, {
      path,
      message: `${user} linked with ${object.name}, and ${first?.path} cannot be loaded: ${first?.why}`,
      fix: `add the library for the program's own architecture`,
    });
  }
  const useless = object.rejected.map((one) => `; ${one.path} is of no use: ${one.why}`).join('');
  return finding('missing-library', strength, {
    path,
    message: `${user} linked with ${object.name}, which is not there${where}${useless}`,
    fix: `add the library (--add PATH), or pack the program from a system that has it`,
  });
}

function few(paths: readonly string[]): string {
  return paths.length <= 4 ? paths.join(', ') : `${paths.slice(0, 3).join(', ')} and ${paths.length - 3} more`;
}

/** The kernel's own words mislead: it is the loader that is missing, not the program. */
function missingInterpreter(load: Load, { name, rejected }: MissingObject, present: ReadonlySet<Libc>): Finding {
  const { path, strength } = load;
  const [useless] = rejected;
  if (useless !== undefined) {
    const message = `its loader, ${name}, is there and cannot load it: ${useless.why}`;
    const fix = `take program and loader from one system`;
    return finding('missing-interpreter', strength, { path, message, fix });
  }
  const wanted = libcByName(name);
  const others = [...present].filter((libc) => libc !== wanted);
  const words = `starting it says "no such file or directory" although ${path} is there: what is missing is its loader, ${name}`;
  if (wanted !== 'unknown' && !present.has(wanted) && others.length > 0) {
    return finding('libc-mismatch', strength, {
      path,
      message: `it is linked for ${wanted}, and the image has ${others.join(' and ')}; ${words}`,
      fix: `use a base with ${wanted}, a program built for ${others[0]}, or a static one`,
    });
  }
  return finding('missing-interpreter', strength, {
    path,
    message: words,
    fix: `add ${name} and the libraries the program is linked with, or link the program statically`,
  });
}

/** A library of the other libc, asked for by name. */
function libcMismatch({ result, program }: Load, { name }: MissingObject) {
  const musl = /^libc\.musl-|^ld-musl-/.test(name);
  const glibc =
    /^(?:libc\.so\.6|libm\.so\.6|libpthread\.so\.0|libdl\.so\.2|librt\.so\.1|ld-linux.*|libresolv\.so\.2)$/.test(name);
  const other = result.libc === 'musl' && glibc ? 'glibc' : result.libc === 'glibc' && musl ? 'musl' : undefined;
  if (other === undefined) return undefined;
  return {
    message: `it is linked for ${other} (${name}), and is loaded by ${program}, which runs with ${result.libc}`,
    fix: `use the build for ${result.libc}`,
  };
}

function versions({ strength, result }: Load): Finding[] {
  return result.missingVersions.map(({ object, version, provider }) =>
    finding('missing-symbol-version', strength, {
      path: object,
      message: `it wants version ${version} of ${basename(provider)}, and ${provider} does not have it: it is older than the one ${object} was built with`,
      fix: `take both from one system, or use a base whose ${basename(provider)} is at least as new`,
    }),
  );
}

const LOADER_DIRS = ['/lib', '/lib64', '/lib32', '/libx32'];

/** Which C libraries the root has, by their loaders. */
async function libcsOf(files: Files): Promise<ReadonlySet<Libc>> {
  const found = new Set<Libc>();
  for (const dir of LOADER_DIRS) {
    const at = await files.resolve(dir);
    const names = at.kind === 'found' ? ((await files.list(at.path)) ?? []) : [];
    for (const name of names) {
      const libc = /^ld[-.0-9]|^ld-/.test(name) ? libcByName(`${dir}/${name}`) : 'unknown';
      if (libc !== 'unknown') found.add(libc);
    }
  }
  return found;
}
