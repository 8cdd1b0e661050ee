/** Every example runs, against the sources as a user's program would see them, and prints what it promises. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startRegistry } from './registry/server.ts';

const EXAMPLES = fileURLToPath(new URL('../examples/', import.meta.url));

/** What has to be in the output of each. */
const PROMISED: Readonly<Record<string, readonly RegExp[]>> = {
  'check.ts': [/^error missing-interpreter \/\S+: add /m],
  'edit.ts': [
    /^2 layers became 1$/m,
    /^the same files: true$/m,
    /^Entrypoint is .*\/upper/m,
    /^linux\/arm64 sha256:[0-9a-f]{64}$/m,
  ],
  'pack.ts': [
    /^oci:…\/layout:true sha256:[0-9a-f]{64}$/m,
    /^\/\S+\/libc\.so\.6 required$/m,
    /^\d+ bytes, \d+ findings$/m,
  ],
  'registry.ts': [/^v1 v2$/m, /^the same digest: true$/m, /^deleted: image$/m, /^NOT_FOUND: .*me\/app:v1/m],
  'why.ts': [
    /^\/\S+\/libc\.so\.6$/m,
    /^ {2}\/\S+: is linked with it \(DT_NEEDED libc\.so\.6\)$/m,
    /the user: is the program/m,
  ],
};

test('each example is tested', () => {
  expect(readdirSync(EXAMPLES).filter((name) => name.endsWith('.ts'))).toEqual(Object.keys(PROMISED));
});

test.runIf(process.platform === 'linux').each(Object.entries(PROMISED))('%s', async (name, promised) => {
  await using registry = await startRegistry({ auth: { kind: 'token', users: { me: 'secret' } } });
  const words = ['--conditions=pare-source', `${EXAMPLES}${name}`, registry.host];
  const { stdout } = await promisify(execFile)(process.execPath, words, {
    env: { ...process.env, PARE_HOME: '/nonexistent' },
  });
  for (const pattern of promised) expect(stdout).toMatch(pattern);
});
