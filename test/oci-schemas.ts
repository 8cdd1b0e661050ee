/** The JSON schemas of the OCI's image-spec, as checks. @module */
import { readdirSync, readFileSync } from 'node:fs';
import AjvDraft04 from 'ajv-draft-04';
import { sharedFixture } from './shared.ts';

const FILES = {
  manifest: 'image-manifest-schema.json',
  index: 'image-index-schema.json',
  config: 'config-schema.json',
  layout: 'image-layout-schema.json',
  descriptor: 'content-descriptor.json',
} as const;

const BASE = 'https://schemas.test/';

export type OciCheck = (kind: keyof typeof FILES, value: unknown) => readonly string[];

/** What is wrong with a document by its schema; undefined where the schemas are not here. */
export function ociSchemas(): OciCheck | undefined {
  const dir = sharedFixture('oci-image-spec/schema');
  if (dir === undefined) return undefined;
  const ajv = new AjvDraft04.default({ strict: false, validateFormats: false, allErrors: true });
  for (const file of readdirSync(dir)) {
    const schema = withoutIds(JSON.parse(readFileSync(`${dir}/${file}`, 'utf8')));
    ajv.addSchema({ ...(schema as object), id: BASE + file });
  }
  return (kind, value) => {
    const validate = ajv.getSchema(BASE + FILES[kind]);
    if (validate === undefined) throw new Error(`no schema ${FILES[kind]}`);
    return validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
  };
}

/** Inner ids would be taken as bases of the references below them, which the schemas do not mean. */
function withoutIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIds);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key, inner]) => key !== 'id' || typeof inner !== 'string');
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutIds(inner)]));
}
