/** Every example runs, against the sources as a user's program would see them, and prints what it promises. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const EXAMPLES = fileURLToPath(new URL('../examples/', import.meta.url));

/** What has to be in the output of each. */
const PROMISED: Readonly<Record<string, readonly RegExp[]>> = {
  'check.ts': [/^error missing-interpreter \/\S+: add /m],
  'pack.ts': [
    /^oci:…\/layout:true sha256:[0-9a-f]{64}$/m,
    /^\/\S+\/libc\.so\.6 required$/m,
    /^\d+ bytes, \d+ findings$/m,
  ],
  'why.ts': [
    /^\/\S+\/libc\.so\.6$/m,
    /^ {2}\/\S+: is linked with it \(DT_NEEDED libc\.so\.6\)$/m,
    /the user: is the program/m,
  ],
};

test('each example is tested', () => {
  expect(readdirSync(EXAMPLES).filter((name) => name.endsWith('.ts'))).toEqual(Object.keys(PROMISED));
});

test.runIf(process.platform === 'linux').each(Object.entries(PROMISED))('%s', (name, promised) => {
  const output = execFileSync(process.execPath, ['--conditions=pare-source', `${EXAMPLES}${name}`], {
    encoding: 'utf8',
    env: { ...process.env, PARE_HOME: '/nonexistent' },
  });
  for (const pattern of promised) expect(output).toMatch(pattern);
});
