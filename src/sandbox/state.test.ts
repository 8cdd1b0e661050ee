import { mkdtempDisposable, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { start } from '../../test/cli/pare.ts';
import { abandonedDirectories, makeRunDirectory } from './state.ts';

const STATE = fileURLToPath(new URL('./state.ts', import.meta.url));

test('a directory is abandoned when its process was killed, and not before', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'pare-state-'));
  await using own = await makeRunDirectory(directory.path);
  const source = `
    import { makeRunDirectory } from ${JSON.stringify(STATE)};
    const held = await makeRunDirectory(${JSON.stringify(directory.path)});
    console.log(held.path);
    setInterval(() => undefined, 1000);`;
  const { child, ended, said } = start([process.execPath, '--input-type=module', '-e', source]);
  await said('\n');
  expect(await abandonedDirectories(directory.path)).toEqual([]);
  child.kill('SIGKILL');
  const path = (await ended).stdout.trim();
  const abandoned = await abandonedDirectories(directory.path);
  expect(abandoned.map((one) => one.path)).toEqual([path]);
  // Whoever found it has it: nobody else does.
  expect(await abandonedDirectories(directory.path)).toEqual([]);
  for (const { lock } of abandoned) lock[Symbol.dispose]();
  expect((await readdir(directory.path)).sort()).toEqual([basename(own.path), basename(path)].sort());
});

test('no directory, nothing abandoned', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'pare-state-'));
  expect(await abandonedDirectories(join(directory.path, 'none'))).toEqual([]);
});
