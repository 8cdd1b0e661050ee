/**
 * What a build remembers, as a document that travels: in the config of an image manifest of its own, whose layers are those of the
 * steps, or in a field of an image's config, where they are the image's. `docs/build-cache.md` describes both.
 * @module
 */
import { asDiffId, type DiffId, type Digest } from '../../base/digest.ts';
import { canonicalJson, isObject, type JsonObject, parseJson } from '../../base/json.ts';
import { MANIFEST_LIMIT } from './parse.ts';
import { type At, asDigest, asList, asString, child, optional, wrong } from './shape.ts';

/** What a step came to. */
export interface CachedStep {
  /** Digest of all that the step depends on. */
  readonly key: Digest;
  /** Undefined: it changed nothing. */
  readonly diffId: DiffId | undefined;
  /** RFC 3339 */
  readonly created: string;
}

/** What something in a root filesystem comes to that need not be read then. */
export interface CachedContent {
  /** Digest of what names it. */
  readonly key: Digest;
  readonly digest: Digest;
}

/** The content of a cache mount. */
export interface CachedMount {
  readonly id: string;
  readonly diffId: DiffId;
}

export interface BuildCache {
  /** Of the manifest's layers, in their order. */
  readonly diffIds: readonly DiffId[];
  readonly steps: readonly CachedStep[];
  readonly contents: readonly CachedContent[];
  readonly mounts: readonly CachedMount[];
}

/** Field of an image's config (image-spec config.md: fields that a program does not know are ignored). */
export const INLINE_CACHE = 'vnd.pare.build-cache';

const VERSION = 1;

/** The config of a cache's manifest. */
export function cacheDocument({ diffIds, steps, contents, mounts }: BuildCache): Uint8Array<ArrayBuffer> {
  const numbers = numbersOf(diffIds);
  return canonicalJson({
    version: VERSION,
    layers: diffIds,
    steps: steps.map((step) => shownStep(step, numbers)),
    contents,
    mounts: mounts.map(({ id, diffId }) => ({ id, layer: numbers.get(diffId) })),
  });
}

/** What an image's config says of the steps that made its layers; steps whose layers it does not have are left out. */
export function inlineCache(
  steps: readonly CachedStep[],
  contents: readonly CachedContent[],
  diffIds: readonly DiffId[],
): JsonObject {
  const numbers = numbersOf(diffIds);
  const own = steps.filter(({ diffId }) => diffId === undefined || numbers.has(diffId));
  return { version: VERSION, steps: own.map((step) => shownStep(step, numbers)), contents };
}

function numbersOf(diffIds: readonly DiffId[]): ReadonlyMap<DiffId, number> {
  return new Map(diffIds.map((diffId, number) => [diffId, number]));
}

function shownStep({ key, diffId, created }: CachedStep, numbers: ReadonlyMap<DiffId, number>): JsonObject {
  return { key, created, ...(diffId === undefined ? {} : { layer: numbers.get(diffId) }) };
}

/** @param what for messages. @throws ImageError INVALID, LIMIT; UNSUPPORTED for digests that pare does not compute */
export function parseCacheDocument(bytes: Uint8Array, what: string): BuildCache {
  const at: At = { what, field: '', value: parseJson(bytes, what, MANIFEST_LIMIT) };
  checkVersion(at);
  const diffIds = asList(child(at, 'layers'), (one) => asDiffId(asDigest(one)));
  const mounts = optional(child(at, 'mounts'), (list) =>
    asList(list, (one) => ({ id: asString(child(one, 'id')), diffId: layerAt(child(one, 'layer'), diffIds) })),
  );
  return { diffIds, steps: stepsIn(at, diffIds), contents: contentsIn(at), mounts: mounts ?? [] };
}

/** Undefined for an image that says nothing of its steps. @param config of the image, as JSON. @throws ImageError INVALID */
export function parseInlineCache(
  config: object,
  diffIds: readonly DiffId[],
  what: string,
): Pick<BuildCache, 'steps' | 'contents'> | undefined {
  const value = isObject(config) ? config[INLINE_CACHE] : undefined;
  if (value === undefined) return undefined;
  const at: At = { what, field: INLINE_CACHE, value };
  checkVersion(at);
  return { steps: stepsIn(at, diffIds), contents: contentsIn(at) };
}

function checkVersion(at: At): void {
  const version = child(at, 'version');
  if (version.value !== VERSION) throw wrong(version, String(VERSION));
}

function stepsIn(at: At, diffIds: readonly DiffId[]): readonly CachedStep[] {
  return asList(child(at, 'steps'), (one) => ({
    key: asDigest(child(one, 'key')),
    created: asTime(child(one, 'created')),
    diffId: optional(child(one, 'layer'), (number) => layerAt(number, diffIds)),
  }));
}

function contentsIn(at: At): readonly CachedContent[] {
  const list = optional(child(at, 'contents'), (all) =>
    asList(all, (one) => ({ key: asDigest(child(one, 'key')), digest: asDigest(child(one, 'digest')) })),
  );
  return list ?? [];
}

/** By its number. */
function layerAt(at: At, diffIds: readonly DiffId[]): DiffId {
  const diffId = typeof at.value === 'number' ? diffIds[at.value] : undefined;
  if (diffId === undefined) throw wrong(at, 'the number of a layer');
  return diffId;
}

/** It becomes part of the history of images. */
function asTime(at: At): string {
  const text = asString(at);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(text)) throw wrong(at, 'a time, as 2001-02-03T04:05:06Z');
  return text;
}
