/** What layers are held as: EROFS images by root, directories by root and by an ordinary user, all by one contract. */
import { readFileSync } from 'node:fs';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SNAPSHOT_CASES } from '../../contract/snapshots.case.ts';
import { baseTar } from '../build/base.ts';
import { SCRIPT } from '../build/script.ts';
import type { Outcome } from '../build/worker.ts';
import { machineHas } from '../needs.ts';
import { ordinaryUser, type Person, root } from '../run/people.ts';
import type { Results } from './worker.ts';

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
  let results: Results;

  beforeAll(async () => {
    person = await become();
    const { stdout, stderr, status } = await person.node('test/e2e/snapshots/worker.ts', [kind, person.home]).ended;
    if (status !== 0) throw new Error(stderr);
    results = JSON.parse(stdout) as Results;
  });

  afterAll(() => person[Symbol.asyncDispose]());

  test.each(SNAPSHOT_CASES.map(({ name }) => name))('%s', (name) => {
    expect(results[name]).toBe('ok');
  });
});

const runs = ready && machineHas({ root: true, programs: ['runc', 'busybox', 'gcc'] });

async function step(person: Person, kind: string, more: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const tar = join(person.home, 'base.tar');
  await writeFile(tar, await baseTar());
  const env = { PARE_HOME: join(person.home, kind), PARE_SNAPSHOTS: kind, ...more };
  const orders = JSON.stringify([{ args: ['sh', '-c', SCRIPT] }]);
  const { stdout, stderr, status } = await person.node('test/e2e/build/worker.ts', [tar, orders], { env }).ended;
  if (status !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as [Outcome])[0];
}

test.runIf(runs && kernelHasErofs())('a step leaves the same, whatever the layers below it are held as', async () => {
  await using person = await root();
  const [erofs, directories] = [await step(person, 'erofs'), await step(person, 'directories')];
  expect(erofs).toMatchObject({ status: 0, lines: [] });
  expect(erofs.changes?.length).toBeGreaterThan(20);
  expect(erofs).toEqual(directories);
});

test.runIf(runs)('who insists on EROFS where it cannot be is told why', async () => {
  await using person = await root();
  await using memory = await mkdtempDisposable('/dev/shm/pare-');
  const { error } = await step(person, 'erofs', { PARE_HOME: memory.path });
  expect(error).toMatch(/cannot be mounted as EROFS images .*\(a tmpfs/);
});
