/** Makes `dist/`: the command line as a bundle whose verbs are chunks of their own, and the library with its types. */
import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { wholeProgram } from '../src/cli/help.ts';
import { bundle } from './bundle.ts';
import { helpText } from './help-text.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

/** Takes the place of `dist/` when it is whole. */
const out = 'dist.new';

rmSync(out, { recursive: true, force: true });
execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.lib.json', '--outDir', `${out}/lib`], { stdio: 'inherit' });
await bundle('src/cli/main.ts', `${out}/cli`);
writeFileSync(`${out}/cli/help.txt`, `${helpText(await wholeProgram(), 80)}\n`);
rmSync('dist', { recursive: true, force: true });
renameSync(out, 'dist');
