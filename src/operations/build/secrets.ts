/** Secrets of a build: read once, and never written anywhere by this module. @module */
import { ImageError } from '../../base/errors.ts';
import type { Run } from '../../ports/run.ts';
import type { SecretSource } from './options.ts';
import { readSmallFile } from './small-file.ts';

/** BuildKit's own. */
const LIMIT = 500 * 1024;

/** @returns of an id that was given its bytes, else undefined @throws ImageError NOT_FOUND, DENIED, LIMIT (from the call) */
export function secretReader(
  sources: ReadonlyMap<string, SecretSource>,
  env: Readonly<Record<string, string | undefined>>,
  run: Run,
): (id: string) => Promise<Uint8Array | undefined> {
  const known = new Map<string, Promise<Uint8Array>>();
  return async (id) => {
    const source = sources.get(id);
    if (source === undefined) return undefined;
    const bytes = known.get(id) ?? readSecret(source, env, run);
    known.set(id, bytes);
    return bytes;
  };
}

async function readSecret(
  source: SecretSource,
  env: Readonly<Record<string, string | undefined>>,
  run: Run,
): Promise<Uint8Array> {
  if (source.kind === 'file') return readSmallFile(source.path, { what: 'the secret', limit: LIMIT }, run);
  const value = env[source.name];
  if (value === undefined) throw new ImageError('NOT_FOUND', `the secret's variable ${source.name} is not set`);
  return new TextEncoder().encode(value);
}
