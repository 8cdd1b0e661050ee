/** Packing onto a base: its layers stay, its files are not added again, and its programs go on working. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineHas } from '../needs.ts';
import { output } from '../programs/command.ts';
import { debianTree } from '../trees.ts';
import { type Workplace, workplace } from './workplace.ts';

const ready = machineHas({ root: true, programs: ['runc'] });
const older = ready ? debianTree({ suite: 'bookworm' }) : undefined;
const newer = ready ? debianTree({ suite: 'trixie' }) : undefined;

describe.runIf(older !== undefined && newer !== undefined)('onto a base', () => {
  let place: Workplace;
  const [old, young] = [`rootfs:${older}`, `rootfs:${newer}`];
  beforeAll(async () => {
    place = await workplace();
    await ok('pack', 'redis-server', '--from', old, '-t', 'old');
    await ok('pack', 'redis-server', '--from', young, '-t', 'young');
  });
  afterAll(() => place[Symbol.asyncDispose]());

  async function ok(...args: string[]): Promise<string> {
    const outcome = await place.pare(...args);
    expect({ args, ...outcome }).toMatchObject({ status: 0 });
    return outcome.stdout;
  }
  const layersOf = async (image: string): Promise<string[]> => {
    const { layers } = JSON.parse(await ok('inspect', image, '--json'));
    return layers.map(({ digest }: { digest: string }) => digest);
  };
  const listed = async (...args: string[]) => (await ok('pack', ...args, '--list')).trim().split('\n');
  const runs = async (image: string, program: string, ...args: string[]) =>
    ok('run', '--entrypoint', program, image, '--', ...args);

  test('of the same system, only what is new goes into one layer more', async () => {
    await ok('pack', 'perl', '--from', old, '--base', 'old', '-t', 'both');
    const [base, both] = [await layersOf('old'), await layersOf('both')];
    expect(both.slice(0, -1)).toEqual(base);
    expect(both).toHaveLength(base.length + 1);
    const added = await listed('perl', '--from', old, '--base', 'old');
    expect(added).toContain('/usr/bin/perl');
    expect(added.some((path) => path.endsWith('/libc.so.6'))).toBe(false);
    expect(await runs('both', '/usr/bin/perl', '-e', 'print 6*7')).toBe('42');
    expect(await runs('both', '/usr/bin/redis-server', '--version')).toMatch(/^Redis/);
    expect(await place.pare('verify', 'both', '--from', old)).toMatchObject({ status: 0 });
  });

  test('that is newer, its C library is used', async () => {
    const added = await listed('perl', '--from', old, '--base', 'young');
    expect(added.some((path) => path.endsWith('/libc.so.6'))).toBe(false);
    await ok('pack', 'perl', '--from', old, '--base', 'young', '-t', 'old-on-young');
    expect(await runs('old-on-young', '/usr/bin/perl', '-e', 'print 6*7')).toBe('42');
  });

  test('that is too old, its C library is replaced as a whole', async () => {
    const added = await listed('perl', '--from', young, '--base', 'old');
    for (const name of ['libc.so.6', 'libm.so.6', 'ld-linux-x86-64.so.2']) {
      expect(added.filter((path) => path.endsWith(`/x86_64-linux-gnu/${name}`))).toHaveLength(1);
    }
    await ok('pack', 'perl', '--from', young, '--base', 'old', '-t', 'young-on-old');
    expect(await runs('young-on-old', '/usr/bin/perl', '-e', 'print 6*7')).toBe('42');
    expect(await runs('young-on-old', '/usr/bin/redis-server', '--version')).toMatch(/^Redis/);
  });

  test('whose /bin and /lib are directories of their own', async () => {
    const root = `${place.dir}/unmerged`;
    await ok('copy', 'old', `rootfs:${root}`);
    const unmerge = `
      cd ${root} && rm lib lib64 && mkdir -p bin lib/x86_64-linux-gnu lib64 &&
      mv usr/lib/x86_64-linux-gnu/libc.so.6 usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 lib/x86_64-linux-gnu/ &&
      ln -s /lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 lib64/ld-linux-x86-64.so.2 && rm usr/lib64/*`;
    await output(['sh', '-c', unmerge]);
    await ok('pack', 'perl', '--from', old, '--base', `rootfs:${root}`, '-t', 'unmerged');
    expect(await runs('unmerged', '/usr/bin/perl', '-e', 'print 6*7')).toBe('42');
    expect(await runs('unmerged', '/usr/bin/redis-server', '--version')).toMatch(/^Redis/);
    expect((await ok('ls', '-l', 'unmerged', '/')).match(/^l.*$/gm)).toBeNull();
  });

  test('would it start there? a row for each', async () => {
    const bases = ['--base', 'old', '--base', 'young', '--base', 'scratch'];
    const outcome = await place.pare('check', '--program', '/usr/bin/perl', '--from', young, ...bases, '--json');
    const rows = JSON.parse(outcome.stdout).bases as {
      base: string;
      starts: boolean;
      bare: number;
      complete: number;
    }[];
    expect(rows.map(({ base, starts }) => [base, starts])).toEqual([
      ['old', false],
      ['young', false],
      ['scratch', false],
    ]);
    for (const { bare, complete } of rows) expect(complete).toBeGreaterThan(bare);
    const text = await place.pare('check', '--program', '/usr/bin/redis-server', '--from', young, '--base', 'young');
    expect(text).toMatchObject({ status: 0, stdout: expect.stringMatching(/^young +yes +/m) });
  });
});
