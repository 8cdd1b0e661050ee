/**
 * Writes `docs/schema/NAME.json` for the one zod schema that each `src/cli/schema/NAME.ts` exports: what `--json` prints.
 * `--check` compares instead.
 */
import { readdirSync } from 'node:fs';
import * as z from 'zod';
import { generate } from './generated.ts';

const SOURCE = new URL('../src/cli/schema/', import.meta.url);

async function schemaOf(file: string): Promise<z.ZodType> {
  const exported: unknown[] = Object.values(await import(new URL(file, SOURCE).href));
  const schemas = exported.filter((value) => value instanceof z.ZodType);
  const [schema] = schemas;
  if (schema === undefined || schemas.length > 1) {
    throw new Error(`src/cli/schema/${file} has to export exactly one zod schema; it exports ${schemas.length}`);
  }
  return schema;
}

const files = new Map<string, string>();
for (const file of readdirSync(SOURCE).sort()) {
  if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue;
  const json = z.toJSONSchema(await schemaOf(file), { io: 'output' });
  files.set(`docs/schema/${file.replace(/\.ts$/, '.json')}`, `${JSON.stringify(json, null, 2)}\n`);
}
generate(files, 'docs/schema');
