/**
 * What steps of builds came to, and as which blobs their layers have been stored: one small file for each, written whole. All of it
 * can be removed at any time.
 * @module
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { type DiffId, type Digest, encodedOf, isDigest } from '../base/digest.ts';
import { fromSystem, systemCode } from '../base/errors.ts';
import { isObject, parseJson } from '../base/json.ts';
import type { Descriptor } from '../formats/oci/types.ts';
import type { Memo, Remembered } from '../ports/build-memory.ts';
import { createTempFile } from '../system/temp-file.ts';
import { touch } from '../system/touch.ts';

/** Where builds keep what they remember, in the store. */
export const buildCacheDir = (store: string): string => `${store}/cache/build`;

export interface BuildMemo extends Memo {
  /** The blob that a layer became when it was stored. */
  stored(diffId: DiffId): Descriptor | undefined;
  remember(diffId: DiffId, descriptor: Descriptor): Promise<void>;
}

const SMALL = 64 * 1024;

/** @param dir is made at the first use */
export function openBuildMemo(dir: string): BuildMemo {
  const stepFile = (key: Digest) => `${stepsDir(dir)}/${encodedOf(key)}`;
  const blobFile = (diffId: DiffId) => `${dir}/blobs/${encodedOf(diffId)}`;
  return {
    get: (key) => rememberedIn(readDocument(stepFile(key))),
    put: (key, what) => writeDocument(stepFile(key), what),
    stored: (diffId) => descriptorIn(readDocument(blobFile(diffId))),
    remember: (diffId, { mediaType, digest, size }) => writeDocument(blobFile(diffId), { mediaType, digest, size }),
  };
}

const stepsDir = (dir: string) => `${dir}/steps`;

/** The layers that steps came to. */
export function rememberedLayers(dir: string): ReadonlySet<Digest> {
  return new Set(memoSteps(dir).flatMap(({ diffId }) => diffId ?? []));
}

/** What is remembered of steps, with the file of each. */
export function memoSteps(dir: string): readonly { readonly path: string; readonly diffId: DiffId | undefined }[] {
  return filesIn(stepsDir(dir)).map((path) => ({ path, diffId: rememberedIn(readDocument(path))?.diffId }));
}

/** As what layers were stored, with the file of each. */
export function memoBlobs(dir: string): readonly { readonly path: string; readonly blob: Descriptor | undefined }[] {
  return filesIn(`${dir}/blobs`).map((path) => ({ path, blob: descriptorIn(readDocument(path)) }));
}

function filesIn(dir: string): readonly string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => /^[0-9a-f]+$/.test(name))
    .map((name) => `${dir}/${name}`);
}

/** Notes when these were used; what is gone, or cannot be written to, stays as it is. */
export function touchMemo(dir: string, keys: Iterable<Digest>, time: Date): void {
  for (const key of keys) touch(`${stepsDir(dir)}/${encodedOf(key)}`, time);
}

function rememberedIn(document: unknown): Remembered | undefined {
  if (!isObject(document)) return undefined;
  const { diffId, created } = document;
  if (typeof created !== 'string') return undefined;
  if (diffId === undefined) return { diffId, created };
  return typeof diffId === 'string' && isDigest(diffId) ? { diffId: diffId as DiffId, created } : undefined;
}

function descriptorIn(document: unknown): Descriptor | undefined {
  if (!isObject(document)) return undefined;
  const { mediaType, digest, size } = document;
  const isWhole = typeof mediaType === 'string' && typeof digest === 'string' && typeof size === 'number';
  return isWhole && isDigest(digest) ? { mediaType, digest, size } : undefined;
}

/** Undefined where there is none. */
function readDocument(path: string): unknown {
  try {
    return parseJson(readFileSync(path), path, SMALL);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fromSystem(error, `cannot read ${path}`);
  }
}

async function writeDocument(path: string, document: object): Promise<void> {
  const dir = path.slice(0, path.lastIndexOf('/'));
  try {
    mkdirSync(dir, { recursive: true });
    await using temp = await createTempFile(dir);
    await temp.handle.writeFile(JSON.stringify(document));
    renameSync(temp.path, path);
    temp.keep();
  } catch (error) {
    throw fromSystem(error, `cannot write ${path}`, 'set PARE_HOME to a directory that you may write to');
  }
}
