/** Makes the Debian trees that the end-to-end tests try things on, as many at once as there are processors. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { debianTree, TREES } from '../test/e2e/trees.ts';

const [suite, arch] = process.argv.slice(2);
if (suite !== undefined && arch !== undefined) debianTree({ suite, arch });
else await makeAll();

async function makeAll(): Promise<void> {
  const waiting = [...TREES];
  const worker = async () => {
    for (let tree = waiting.shift(); tree !== undefined; tree = waiting.shift()) await make(tree.suite, tree.arch);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

/** In a process of its own, since making one blocks. */
async function make(suite: string, arch: string): Promise<void> {
  const started = performance.now();
  const child = spawn(process.execPath, [import.meta.filename, suite, arch], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [status] = await once(child, 'exit');
  console.log(
    `${suite} ${arch}: ${status === 0 ? 'there' : 'FAILED'} (${Math.round((performance.now() - started) / 1000)} s)`,
  );
  if (status !== 0) process.exitCode = 1;
}
