/** pare as it is published, to be measured: the bundle, away from the sources, which a clone would run when they are newer. @module */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Builds it, puts it into the directory, which is made, and gives the command that starts it. */
export function publishedPare(dir: string): readonly [node: string, script: string] {
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts')], { stdio: ['ignore', 'ignore', 'inherit'] });
  mkdirSync(dir);
  for (const part of ['bin', 'dist/cli', 'package.json']) {
    cpSync(join(ROOT, part), join(dir, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  return [process.execPath, join(dir, 'bin/pare.js')];
}
