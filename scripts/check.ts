/** `npm run check`: everything that can be said about the sources without running them. Prints what fails, and only that. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CHECKS: Readonly<Record<string, string>> = {
  types: 'tsc --noEmit -p .',
  style: 'biome ci --colors=off',
  imports: 'depcruise --config .dependency-cruiser.mjs src',
  unused: 'knip --no-progress --no-config-hints',
  'unused in production': 'knip --production --no-progress --no-config-hints',
  'command reference': 'node scripts/docs.ts --check',
  schemas: 'node scripts/schemas.ts --check',
};

interface Outcome {
  readonly name: string;
  readonly ok: boolean;
  readonly output: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const env = { ...process.env, PATH: `${root}node_modules/.bin:${process.env['PATH']}` };

function run(name: string, command: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', `${command} 2>&1`], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (piece: Buffer) => {
      output += piece.toString();
    });
    child.on('close', (code) => resolve({ name, ok: code === 0, output }));
  });
}

const outcomes = await Promise.all(Object.entries(CHECKS).map(([name, command]) => run(name, command)));
for (const { name, ok, output } of outcomes) {
  console.log(`${ok ? 'ok    ' : 'FAILED'}  ${name}`);
  if (!ok) console.log(output.trimEnd());
}
process.exitCode = outcomes.every(({ ok }) => ok) ? 0 : 1;
