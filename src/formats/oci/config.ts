/** Strict reading of an image's config: image-spec config.md, with Docker's additions. @module */
import { asDiffId } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { asPlatform, MANIFEST_LIMIT } from './parse.ts';
import {
  type At,
  asDigest,
  asList,
  asObject,
  asString,
  asStringMap,
  child,
  compact,
  optional,
  wrong,
} from './shape.ts';
import type { Healthcheck, History, ImageConfig, Manifest, RunConfig } from './types.ts';

/**
 * Fields that are null, as Go writes empty ones, are left out; fields that pare does not know are kept.
 * @param what for messages: `config sha256:…`
 * @throws ImageError INVALID, LIMIT, UNSUPPORTED
 */
export function parseConfig(bytes: Uint8Array, what: string): ImageConfig {
  const at: At = { what, field: '', value: parseJson(bytes, what, MANIFEST_LIMIT) };
  const config = {
    ...asObject(at),
    ...asPlatform(at),
    created: optional(child(at, 'created'), asString),
    author: optional(child(at, 'author'), asString),
    config: optional(child(at, 'config'), asRunConfig),
    rootfs: asRootfs(child(at, 'rootfs')),
    history: optional(child(at, 'history'), (list) => asList(list, asHistory)),
  };
  return compact(config) as ImageConfig;
}

/** Whether manifest and config speak of the same number of layers. @throws ImageError INVALID */
export function checkLayerCount(manifest: Manifest, config: ImageConfig): void {
  const [layers, ids] = [manifest.layers.length, config.rootfs.diff_ids.length];
  if (layers === ids) return;
  throw new ImageError(
    'INVALID',
    `the manifest has ${layers} layers, and the config (${manifest.config.digest}) ${ids}`,
  );
}

function asRootfs(at: At): ImageConfig['rootfs'] {
  const type = child(at, 'type');
  if (type.value !== 'layers') throw wrong(type, '"layers"');
  const ids = optional(child(at, 'diff_ids'), (list) => asList(list, (one) => asDiffId(asDigest(one))));
  return { type: 'layers', diff_ids: ids ?? [] };
}

const strings = (at: At): string[] => asList(at, asString);

/** A set as Go writes one: an object whose values are empty objects. */
function asSet(at: At): Record<string, object> {
  return Object.fromEntries(Object.keys(asObject(at)).map((key) => [key, {}]));
}

function asRunConfig(at: At): RunConfig {
  const config = {
    ...asObject(at),
    User: optional(child(at, 'User'), asString),
    ExposedPorts: optional(child(at, 'ExposedPorts'), asSet),
    Env: optional(child(at, 'Env'), strings),
    Entrypoint: optional(child(at, 'Entrypoint'), strings),
    Cmd: optional(child(at, 'Cmd'), strings),
    Volumes: optional(child(at, 'Volumes'), asSet),
    WorkingDir: optional(child(at, 'WorkingDir'), asString),
    Labels: optional(child(at, 'Labels'), asStringMap),
    StopSignal: optional(child(at, 'StopSignal'), asString),
    ArgsEscaped: optional(child(at, 'ArgsEscaped'), asBoolean),
    Healthcheck: optional(child(at, 'Healthcheck'), asHealthcheck),
    Shell: optional(child(at, 'Shell'), strings),
    OnBuild: optional(child(at, 'OnBuild'), strings),
  };
  return compact(config) as RunConfig;
}

function asHealthcheck(at: At): Healthcheck {
  const check = {
    ...asObject(at),
    Test: optional(child(at, 'Test'), strings),
    Interval: optional(child(at, 'Interval'), asInteger),
    Timeout: optional(child(at, 'Timeout'), asInteger),
    StartPeriod: optional(child(at, 'StartPeriod'), asInteger),
    StartInterval: optional(child(at, 'StartInterval'), asInteger),
    Retries: optional(child(at, 'Retries'), asInteger),
  };
  return compact(check) as Healthcheck;
}

function asHistory(at: At): History {
  const entry = {
    ...asObject(at),
    created: optional(child(at, 'created'), asString),
    created_by: optional(child(at, 'created_by'), asString),
    author: optional(child(at, 'author'), asString),
    comment: optional(child(at, 'comment'), asString),
    empty_layer: optional(child(at, 'empty_layer'), asBoolean),
  };
  return compact(entry) as History;
}

function asBoolean(at: At): boolean {
  if (typeof at.value !== 'boolean') throw wrong(at, 'true or false');
  return at.value;
}

function asInteger(at: At): number {
  if (!Number.isInteger(at.value)) throw wrong(at, 'a whole number');
  return at.value as number;
}
