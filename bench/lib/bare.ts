/** The bare programs of `bench/bare`, without their types: taking those away when they start would count. @module */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FROM = fileURLToPath(new URL('../bare', import.meta.url));

/** What they are called in tables. */
export const BARE = 'a bare Node.js program';

/** Puts them into the directory, which is made, and gives the command that starts one, to be followed by its arguments. */
export function barePrograms(dir: string): (name: 'pull' | 'push' | 'join') => readonly [node: string, script: string] {
  mkdirSync(dir);
  for (const file of readdirSync(FROM)) {
    const source = stripTypeScriptTypes(readFileSync(join(FROM, file), 'utf8'));
    writeFileSync(join(dir, file.replace(/\.ts$/, '.mjs')), source.replaceAll(/(from '\.\/\w+)\.ts'/g, "$1.mjs'"));
  }
  return (name) => [process.execPath, join(dir, `${name}.mjs`)];
}
