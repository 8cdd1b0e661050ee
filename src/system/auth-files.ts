/** The files that hold credentials: where they are, reading and rewriting them. @module */
import { realpathSync, renameSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { fromSystem, ImageError, systemCode } from '../base/errors.ts';
import type { JsonObject } from '../base/json.ts';
import { type AuthFileKind, emptyAuthFile, formatAuthFile } from '../formats/registry-auth/auth-edit.ts';
import { type AuthFile, parseAuthFile } from '../formats/registry-auth/auth-file.ts';
import type { Run } from '../ports/run.ts';
import { readConfigFile } from './config-files.ts';
import { makeDirectories } from './directories.ts';
import { configHome, type Environment, homeDirectory } from './home.ts';
import { lockDirectory } from './lock.ts';
import { createTempFile } from './temp-file.ts';

/** In the environment instead of a file: what CI systems hand to their jobs, and Docker reads. */
const IN_ENVIRONMENT = 'DOCKER_AUTH_CONFIG';

/**
 * All that are there, in the order they are asked. A file that the user names, by option or `$REGISTRY_AUTH_FILE`, is the only
 * one; else `auth.json` of the session, that of the user's configuration, `$DOCKER_AUTH_CONFIG`, and Docker's `config.json`.
 * @throws ImageError NOT_FOUND where a named file is not there; INVALID, DENIED
 */
export function* authFiles(env: Environment, named?: string): Generator<AuthFile> {
  const chosen = named ?? (env['REGISTRY_AUTH_FILE'] || undefined);
  if (chosen !== undefined) {
    yield read(chosen) ?? missing(chosen, named);
    return;
  }
  for (const path of [sessionFile(env), `${configHome(env)}/containers/auth.json`]) {
    const file = read(path);
    if (file !== undefined) yield file;
  }
  const text = env[IN_ENVIRONMENT];
  if (text) yield parseAuthFile(Buffer.from(text), `$${IN_ENVIRONMENT}`);
  const docker = read(dockerConfig(env));
  if (docker !== undefined) yield docker;
}

/** The one file that logging in and out changes. */
export interface WrittenFile {
  readonly path: string;
  readonly kind: AuthFileKind;
}

/** What the user names, else Docker's `config.json`. A file of that name is Docker's wherever it is. */
export function writtenFile(env: Environment, named?: string): WrittenFile {
  const path = named ?? (env['REGISTRY_AUTH_FILE'] || dockerConfig(env));
  return { path, kind: basename(path) === 'config.json' ? 'docker' : 'containers' };
}

/**
 * Rewrites the file under a lock, so that no change of another pare is lost; it appears whole, and for its owner only. Makes it,
 * and its directory, where they are missing. Nothing is written where `edit` gives nothing back.
 * @throws ImageError INVALID, DENIED; what `edit` throws
 */
export async function editAuthFile(
  path: string,
  edit: (file: AuthFile) => JsonObject | undefined,
  run: Run = {},
): Promise<void> {
  const real = realPath(path);
  const dir = dirname(real);
  try {
    makeDirectories(dir, 0o700);
  } catch (error) {
    throw fromSystem(error, `cannot make ${dir}`);
  }
  using _lock = await lockDirectory(dir, 'exclusive', run);
  const raw = edit(readAuthFile(path));
  if (raw === undefined) return;
  await using temp = await createTempFile(dir);
  try {
    await temp.handle.chmod(0o600);
    await temp.handle.writeFile(formatAuthFile(raw));
    await temp.handle.sync();
    renameSync(temp.path, real);
  } catch (error) {
    throw fromSystem(error, `cannot write ${path}`);
  }
  temp.keep();
}

/** A link stays one, and what it leads to is rewritten; one that leads nowhere is replaced. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return resolve(path);
    throw fromSystem(error, `cannot write ${path}`);
  }
}

/** An empty one where there is none. @throws ImageError INVALID, DENIED */
export function readAuthFile(path: string): AuthFile {
  return read(path) ?? emptyAuthFile(path);
}

function read(path: string): AuthFile | undefined {
  const bytes = readConfigFile(path);
  if (bytes === undefined) return undefined;
  // As `touch` and `: >` leave it.
  return bytes.length === 0 ? emptyAuthFile(path) : parseAuthFile(bytes, path);
}

function missing(path: string, named: string | undefined): never {
  const by = named === undefined ? '$REGISTRY_AUTH_FILE' : '--authfile';
  throw new ImageError('NOT_FOUND', `${path}, which ${by} names, is not there`, {
    hint: `"pare login --authfile ${path}" makes it${named === undefined ? '; or unset REGISTRY_AUTH_FILE' : ''}`,
  });
}

function dockerConfig(env: Environment): string {
  return `${env['DOCKER_CONFIG'] || `${homeDirectory(env)}/.docker`}/config.json`;
}

/** As podman has it where there is no session. */
function sessionFile(env: Environment): string {
  const dir = env['XDG_RUNTIME_DIR'];
  return dir ? `${dir}/containers/auth.json` : `/run/containers/${process.getuid?.() ?? 0}/auth.json`;
}
