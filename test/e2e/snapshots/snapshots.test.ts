/** What layers are held as: EROFS images by root, directories by root and by an ordinary user, all by one contract. */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SNAPSHOT_CASES } from '../../contract/snapshots.case.ts';
import { machineHas } from '../needs.ts';
import { ordinaryUser, type Person, root } from '../run/people.ts';

const ready = machineHas({ root: true, programs: ['newuidmap', 'useradd', 'setpriv', 'unshare'] });

/** File systems in files are mounted from Linux 6.12 on, where the kernel was built for it. */
function kernelHasErofs(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const has =
    /\berofs$/m.test(readFileSync('/proc/filesystems', 'utf8')) && (major > 6 || (major === 6 && minor >= 12));
  if (!has) process.stderr.write(`skipped: Linux ${release()} mounts no EROFS images\n`);
  return has;
}

describe
  .runIf(ready)
  .each([
    ...(kernelHasErofs() ? [['erofs', 'root', root] as const] : []),
    ['directories', 'root', root],
    ['directories', 'an ordinary user', ordinaryUser],
  ] as const)('%s held by %s', (kind, _who, become) => {
  let person: Person;
  let results: Readonly<Record<string, string>>;

  beforeAll(async () => {
    person = await become();
    const { stdout, stderr, status } = await person.node('test/e2e/snapshots/worker.ts', [kind, person.home]).ended;
    if (status !== 0) throw new Error(stderr);
    results = JSON.parse(stdout) as Record<string, string>;
  });

  afterAll(() => person[Symbol.asyncDispose]());

  test.each(SNAPSHOT_CASES.map(({ name }) => name))('%s', (name) => {
    expect(results[name]).toBe('ok');
  });
});
