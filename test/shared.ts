/** Where test data from other projects lies, beside the checkout. A test that needs it says so when it is absent. @module */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../shared/fixtures/', import.meta.url));

/** Path of a fixture folder or file, or undefined (with the reason printed) where it is absent. */
export function sharedFixture(name: string): string | undefined {
  const path = `${ROOT}${name}`;
  if (existsSync(path)) return path;
  process.stderr.write(`skipped: the fixture ../shared/fixtures/${name} is not here\n`);
  return undefined;
}
