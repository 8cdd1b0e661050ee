/** What starts the programs of steps besides runc: crun, and pare itself. What they leave in a layer and what they show is the same. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineHas } from '../needs.ts';
import { ordinaryUser, type Person, root } from '../run/people.ts';
import { baseTar } from './base.ts';
import { SCRIPT } from './script.ts';
import type { Order, Outcome } from './worker.ts';

const ready = machineHas({
  root: true,
  programs: ['runc', 'crun', 'newuidmap', 'busybox', 'gcc', 'useradd', 'setpriv', 'unshare', 'script'],
});

const sh = (script: string, more: Omit<Order, 'args'> = {}): Order => ({ args: ['sh', '-c', script], ...more });

/** All that is asked of each; but for the first, what they answer is written down below. */
const secret = { kind: 'secret', path: '/run/secrets/a', bytes: 's3', mode: 0o440, uid: 33, gid: 44 } as const;
const ORDERS: readonly Order[] = [
  sh(SCRIPT),
  sh('echo out >/dev/stdout; echo err >/dev/stderr; cat; exit 7', { stdin: 'in\n' }),
  { args: ['/data/plain'] },
  { args: ['/in/none'], mounts: [{ kind: 'tmpfs', path: '/in' }] },
  sh('kill -9 1; kill -TERM $$; sh -c "kill -KILL \\$\\$"; exit $?'),
  sh('id -u; id -G; pwd; echo $HOME; grep -E "Cap(Bnd|Eff)|NoNew" /proc/self/status; touch /no', {
    process: { user: 'app', cwd: '/data/keep' },
  }),
  sh(
    'ls /sys/class/net; hostname; grep db /etc/hosts; df -k /dev/shm | sed -n "s/^shm *\\([0-9]*\\) .*/\\1/p"; ulimit -n; ulimit -H -n',
    {
      step: {
        network: 'none',
        hostname: 'apart',
        extraHosts: [{ name: 'db', address: '10.0.0.7' }],
        shmSize: 1 << 20,
        ulimits: [{ name: 'nofile', soft: 99, hard: 100 }],
      },
    },
  ),
  sh(
    'ls /proc/acpi /proc/scsi 2>/dev/null; mount -t tmpfs t /data && echo no; grep CapEff /proc/self/status; ps | wc -l',
  ),
  sh('echo x >/proc/sys/kernel/domainname || mount -t tmpfs t /data/keep && ls /data/keep', {
    step: { security: 'insecure' },
  }),
  sh(
    'cat /in/a; ls /in/none; echo x >/in/b; cat /run/secrets/a; stat -c "%a %u:%g" /run/secrets/a; echo w >/c/w; cat /c/w',
    {
      mounts: [
        { kind: 'bind', path: '/in', from: '/src/a one', source: '/src', readOnly: true },
        { kind: 'tmpfs', path: '/t' },
        { kind: 'cache', path: '/c', id: 'c', sharing: 'shared', readOnly: false, mode: 0o755, uid: 0, gid: 0 },
        secret,
      ],
    },
  ),
  sh('mknod /dev/b b 254 0; mknod /b b 254 0; cat /dev/b; cat /b; rm /b; echo y >/dev/null'),
  sh('trap "" TERM; sleep 100', { process: { user: 'app' }, abort: 4000 }),
];

const CASES = [
  ['root', root, 'crun'],
  ['root', root, 'chroot'],
  ['an ordinary user', ordinaryUser, 'crun'],
  ['an ordinary user', ordinaryUser, 'chroot'],
] as const;

describe.runIf(ready).each(CASES)('steps run by %s', (_who, become, runtime) => {
  let person: Person;
  let tar: string;

  beforeAll(async () => {
    person = await become();
    tar = join(person.home, 'base.tar');
    await writeFile(tar, await baseTar(), { mode: 0o644 });
  });

  afterAll(() => person[Symbol.asyncDispose]());

  async function outcomes(orders: readonly Order[], name: string): Promise<readonly Outcome[]> {
    const env = { RUNTIME: name };
    const { ended } = person.node('test/e2e/build/worker.ts', [tar, JSON.stringify(orders)], { env });
    const { stdout, stderr, status } = await ended;
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Outcome[];
  }

  test(`with ${runtime} are what they are with runc`, async () => {
    const [first, ...others] = await outcomes(ORDERS, runtime);
    expect(first).toMatchObject({ status: 0, lines: [] });
    expect(first?.changes).toEqual((await outcomes(ORDERS.slice(0, 1), 'runc'))[0]?.changes);
    const lines = others.map(({ lines: said = [] }) => said.toSorted());
    expect(others.map(({ status, error }) => error?.replace(/.*?: /, '') ?? status)).toEqual([
      7,
      expect.stringMatching(/no execute permission/),
      expect.stringMatching(/could not start|cannot run/),
      137,
      1,
      0,
      0,
      0,
      0,
      0,
      expect.stringMatching(/aborted due to timeout/),
    ]);
    expect(lines[0]).toEqual(['! err', 'in', 'out']);
    expect(lines[4]).toEqual([
      '! touch: /no: Permission denied',
      '/data/keep',
      '/home/app',
      '33',
      '44 55',
      'CapBnd:\t00000000a80425fb',
      'CapEff:\t0000000000000000',
      'NoNewPrivs:\t0',
    ]);
    expect(lines[5]).toEqual(['10.0.0.7\tdb', '100', '1024', '99', 'apart', 'lo']);
    expect(lines[6]).toContain('CapEff:\t00000000a80425fb');
    expect(lines[6]).not.toContain('no');
    expect(lines[8]).toEqual(expect.arrayContaining(['ones3440 33:44', 'w']));
    expect(lines[8]?.join()).toMatch(/Read-only/);
    expect(lines[9]?.join()).toMatch(/can't open '\/dev\/b'|mknod: \/dev\/b: Operation not permitted/);
    expect(lines[9]?.join()).toMatch(/can't open '\/b'|mknod: \/b: Operation not permitted/);
  });
});
