/** Files of the repository that a script makes: written, or with `--check` compared with what is there. @module */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @param files path → text
 * @param only a directory in which nothing else may be
 */
export function generate(files: ReadonlyMap<string, string>, only?: string): void {
  const extra = only === undefined ? [] : readdirSync(only).map((name) => join(only, name));
  const stale = extra.filter((path) => !files.has(path));
  const changed = [...files].filter(([path, text]) => read(path) !== text);
  if (process.argv.includes('--check')) {
    for (const path of [...changed.map(([path]) => path), ...stale])
      console.log(`${path} is out of date: npm run docs`);
    process.exitCode = changed.length + stale.length > 0 ? 1 : 0;
    return;
  }
  for (const path of stale) rmSync(path);
  for (const [path, text] of changed) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(`wrote ${path}`);
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
