/** Where the configs of two images differ, field by field. @module */
import { canonicalJson } from '../../base/json.ts';
import type { ImageConfig } from '../../formats/oci/types.ts';

/** A field of which one image says another value, or none. */
export interface FieldChange {
  /** As `Entrypoint`, `Env.LANG`, `Labels.version`, `architecture`. */
  readonly field: string;
  /** A text, or JSON of anything else; absent: the image does not say. */
  readonly before?: string;
  readonly after?: string;
}

/** Sorted by field. Layers and history are left out: they tell how an image was made. @param times whether `created` counts */
export function compareConfigs(
  before: ImageConfig,
  after: ImageConfig,
  { times }: { readonly times: boolean },
): readonly FieldChange[] {
  const [lower, upper] = [fieldsOf(before, times), fieldsOf(after, times)];
  const fields = [...new Set([...lower.keys(), ...upper.keys()])].sort();
  return fields.flatMap((field) => {
    const [a, b] = [lower.get(field), upper.get(field)];
    if (a === b) return [];
    return [{ field, ...(a === undefined ? {} : { before: a }), ...(b === undefined ? {} : { after: b }) }];
  });
}

/** Fields that are tables: each of their keys counts by itself. */
const TABLES: ReadonlySet<string> = new Set(['ExposedPorts', 'Volumes', 'Labels']);

function fieldsOf(config: ImageConfig, times: boolean): Map<string, string> {
  const { rootfs: _, history: __, config: run = {}, created, ...rest } = config;
  const fields = new Map<string, string>();
  const put = (field: string, value: unknown) => {
    if (!isNothing(value)) fields.set(field, typeof value === 'string' ? value : jsonText(value));
  };
  for (const [name, value] of Object.entries({ ...rest, ...(times ? { created } : {}) })) put(name, value);
  for (const [name, value] of Object.entries(run as Readonly<Record<string, unknown>>)) {
    if (name === 'Env' && Array.isArray(value)) {
      for (const line of value as string[]) fields.set(`Env.${nameOf(line)}`, line.slice(nameOf(line).length + 1));
    } else if (TABLES.has(name) && typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value))
        fields.set(`${name}.${key}`, typeof inner === 'string' ? inner : jsonText(inner));
    } else put(name, value);
  }
  return fields;
}

function nameOf(line: string): string {
  return line.split('=', 1)[0] as string;
}

/** Docker writes fields that say nothing: empty texts, nulls, empty lists. */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function jsonText(value: unknown): string {
  return Buffer.from(canonicalJson(value)).toString();
}
