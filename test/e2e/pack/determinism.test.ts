/** The same source gives the same image, whoever packs it, wherever it lies and however the machine is set up. */
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineHas } from '../needs.ts';
import { output } from '../programs/command.ts';
import { PARE } from '../programs/packed.ts';
import { debianTree } from '../trees.ts';
import { type Workplace, workplace } from './workplace.ts';

const tree = machineHas({ root: true, programs: ['setpriv', 'taskset'] })
  ? debianTree({ suite: 'bookworm' })
  : undefined;

const PACK = ['redis-server', 'curl', '--user', 'app', '--volume', '/data', '--cert', '--', '--port', '7000'];

describe.runIf(tree !== undefined)('the digest of a packed image and of its evidence', () => {
  let place: Workplace;
  let copy: string;
  let expected: string;
  beforeAll(async () => {
    place = await workplace();
    await chmod(place.dir, 0o777);
    copy = join(place.dir, 'another', 'prefix');
    await output(['sh', '-c', `mkdir ${place.dir}/another && cp -a ${tree} ${copy}`], { timeout: 300_000 });
    expected = await packed([], `rootfs:${tree}`, {});
  });
  afterAll(() => place?.[Symbol.asyncDispose]());

  let count = 0;
  /** What the layout's index says: the image's digest, and that of the index of its referrers. */
  async function packed(
    wrapper: readonly string[],
    from: string,
    env: Readonly<Record<string, string>>,
  ): Promise<string> {
    const layout = `${place.dir}/layout-${count++}`;
    const argv = [...wrapper, ...PARE, 'pack', '-q', '--from', from, '-o', `oci:${layout}:x`, ...PACK];
    await output(argv, { env: { PARE_HOME: `${layout}-store`, ...env }, cwd: place.dir, timeout: 300_000 });
    return readFile(join(layout, 'index.json'), 'utf8');
  }

  test('names both', () => {
    expect(expected).toMatch(/"digest":"sha256:[0-9a-f]{64}"/);
    expect(expected).toMatch(/vnd\.pare\.referrers/);
  });

  test.each([
    ['under another prefix', [], true, {}],
    [
      'by an ordinary user',
      ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
      false,
      { HOME: '/nonexistent' },
    ],
    ['with another umask', ['sh', '-c', 'umask 077; exec "$@"', 'sh'], false, {}],
    [
      'in another time zone and language',
      [],
      false,
      { TZ: 'Pacific/Chatham', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' },
    ],
    ['on one core', ['taskset', '-c', '0'], false, { UV_THREADPOOL_SIZE: '1' }],
    ['with other search paths', [], false, { LD_LIBRARY_PATH: '/nowhere', PATH: '/usr/bin:/bin:/sbin' }],
  ] as const)('is the same %s', async (_, wrapper, moved, env) => {
    expect(await packed(wrapper, `rootfs:${moved ? copy : tree}`, env)).toBe(expected);
  });

  test('is the same from a tar of the same tree', async () => {
    await output([...PARE, 'copy', '-q', `rootfs:${tree}`, `tar:${place.dir}/tree.tar`], { timeout: 300_000 });
    expect(await packed([], `tar:${place.dir}/tree.tar`, {})).toBe(expected);
  });

  test('is another where the moment is given', async () => {
    expect(await packed([], `rootfs:${tree}`, { SOURCE_DATE_EPOCH: '1000000000' })).not.toBe(expected);
  });
});
