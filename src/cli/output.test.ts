import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { start } from '../../test/cli/pare.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const RUN = `import(${JSON.stringify(MAIN)}).then(({ main }) => main(process.argv.slice(1)))`;
const FULL = '/dev/full';

test.skipIf(!existsSync(FULL)).each([
  [['--version'], 3],
  [['help', 'ls'], 3],
  [['ls', 'host:', '/etc'], 3],
  [['cat', 'host:', '/etc/passwd'], 3],
  [['export', 'scratch'], 3],
])('%j: a full disk behind stdout is no mistake of pare', async (args, status) => {
  const command = ['sh', '-c', `exec "$@" > ${FULL}`, 'sh', process.execPath, '-e', RUN, '--', ...args];
  const { child, ended } = start(command);
  child.stdin?.end();
  const { stderr, ...end } = await ended;
  expect(end).toMatchObject({ status });
  expect(stderr).toMatch(/^pare: cannot write standard output: .*no space left on device/);
  expect(stderr.trim().split('\n')).toEqual([expect.any(String), expect.stringMatching(/^ {2}hint: /)]);
});
