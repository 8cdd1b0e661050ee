/** The config of an image on another base: a merge of three. @module */
import { isDeepStrictEqual } from 'node:util';
import { compact } from '../../formats/oci/shape.ts';
import type { ImageConfig, RunConfig } from '../../formats/oci/types.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * What the image says on its new base. What it had from the old base and did not change is as the new base has it; what it changed,
 * added or removed stays so. Variables, labels, ports and volumes are looked at one by one.
 */
export function rebasedConfig(image: RunConfig, old: RunConfig, base: RunConfig): RunConfig {
  const fields = merged(image as Fields, old as Fields, base as Fields);
  return compact({
    ...fields,
    Env: variables(image.Env, old.Env, base.Env),
    ...Object.fromEntries(SETS.map((key) => [key, set(image[key], old[key], base[key])])),
  }) as RunConfig;
}

const SETS = ['Labels', 'ExposedPorts', 'Volumes'] as const;

/** Fields that pare does not know, beside those of the platform and of history, likewise. */
export function rebasedFields(image: ImageConfig, old: ImageConfig, base: ImageConfig): Fields {
  return merged(image as unknown as Fields, old as unknown as Fields, base as unknown as Fields);
}

/** In the order of the base's fields, then of the image's. */
function merged(image: Fields, old: Fields, base: Fields): Fields {
  const keys = new Set([...Object.keys(base), ...Object.keys(image)]);
  const entries = [...keys].map((key) => [key, isDeepStrictEqual(image[key], old[key]) ? base[key] : image[key]]);
  return compact(Object.fromEntries(entries));
}

function set(image: RunConfig['Labels'] | RunConfig['Volumes'], old: typeof image, base: typeof image) {
  const result = merged(image ?? {}, old ?? {}, base ?? {});
  return Object.keys(result).length === 0 ? undefined : result;
}

function variables(image: RunConfig['Env'], old: RunConfig['Env'], base: RunConfig['Env']): RunConfig['Env'] {
  const result = merged(byName(image), byName(old), byName(base));
  const lines = Object.values(result) as string[];
  return lines.length === 0 ? undefined : lines;
}

/** Whole lines by the names of the variables: a name may stand without a value. */
function byName(lines: readonly string[] = []): Readonly<Record<string, string>> {
  return Object.fromEntries(lines.map((line) => [line.split('=', 1)[0] as string, line]));
}
