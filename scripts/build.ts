/** Makes `dist/`: the command line as a bundle whose verbs are chunks of their own, and the library with its types. */
import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { wholeProgram } from '../src/cli/help.ts';
import { helpText } from './help-text.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

/** Takes the place of `dist/` when it is whole. */
const out = 'dist.new';

rmSync(out, { recursive: true, force: true });
execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.lib.json', '--outDir', `${out}/lib`], { stdio: 'inherit' });
await build({
  entryPoints: ['src/cli/main.ts'],
  outdir: `${out}/cli`,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24.15',
  // The one finds its compiled part beside its own files; the other asks for Node.js's modules in a way that a bundle does not know.
  external: ['koffi', 'undici'],
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
});
writeFileSync(`${out}/cli/help.txt`, `${helpText(await wholeProgram(), 80)}\n`);
rmSync('dist', { recursive: true, force: true });
renameSync(out, 'dist');
