/** Steps of a build with a real runtime, as root and as an ordinary user: what they leave in a layer, what they get to see, what stays. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRoot } from '../../../src/sources.ts';
import { startDocker } from '../daemon.ts';
import { machineHas } from '../needs.ts';
import { command } from '../programs/command.ts';
import { ordinaryUser, type Person, root } from '../run/people.ts';
import { baseTar } from './base.ts';
import { describeChanges } from './describe.ts';
import { SCRIPT } from './script.ts';
import type { Order, Outcome } from './worker.ts';

const ready = machineHas({
  root: true,
  programs: ['runc', 'newuidmap', 'busybox', 'gcc', 'useradd', 'setpriv', 'unshare'],
});

/** By who ran it. */
const tables = new Map<string, readonly string[]>();

const sh = (script: string, more: Omit<Order, 'args'> = {}): Order => ({ args: ['sh', '-c', script], ...more });

describe.runIf(ready).each([
  ['root', root],
  ['an ordinary user', ordinaryUser],
])('steps run by %s', (who, become) => {
  let person: Person;
  let tar: string;

  beforeAll(async () => {
    person = await become();
    tar = join(person.home, 'base.tar');
    await writeFile(tar, await baseTar(), { mode: 0o644 });
  });

  afterAll(async () => {
    await nothingLeft(person);
    await person[Symbol.asyncDispose]();
  });

  const start = (orders: readonly Order[]) => person.node('test/e2e/build/worker.ts', [tar, JSON.stringify(orders)]);

  async function run(...orders: readonly Order[]): Promise<readonly Outcome[]> {
    const { stdout, stderr, status } = await start(orders).ended;
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Outcome[];
  }

  test('what a step does to files', async () => {
    const [outcome] = await run(sh(SCRIPT));
    expect(outcome).toMatchObject({ status: 0, lines: [] });
    tables.set(who, outcome?.changes ?? []);
    const changes = (outcome?.changes ?? []).join('\n');
    expect(changes).not.toMatch(/same|far|device|resolv|hosts|proc|sock|overlay/);
    expect(outcome?.changes).toEqual(
      expect.arrayContaining([
        '/data/gone gone',
        '/data/opaque dir 755 33:44 1600000002.0 opaque',
        '/data/suid file 4711 33:44 1500000000.123456789 "suid"',
        '/data/n1 file 6711 33:44 1600000005.0 "new\\n"',
        '/data/n2 => /data/n1',
        '/data/c2 => /data/c',
        '/data/b file 644 0:0 1600000003.0 "linkedmore\\n"',
        '/data/keep dir 751 33:44 1600000001.0',
        '/data/fifo fifo 644 0:0 1600000007.0',
      ]),
    );
  });

  test('nothing, where nothing is done, whatever is mounted', async () => {
    const outcomes = await run(
      sh(
        'cat /etc/resolv.conf /etc/hosts /etc/hostname >/dev/null; echo x >>/etc/resolv.conf; : >>/data/cap; chmod 755 /data/cap; touch -r /data/b /data/a',
      ),
      sh('ls /made/for/it && echo x >/made/for/it/x', { mounts: [{ kind: 'tmpfs', path: '/made/for/it' }] }),
      sh('cat /run/secrets/a', {
        mounts: [{ kind: 'secret', path: '/run/secrets/a', bytes: 's', mode: 0o400, uid: 0, gid: 0 }],
      }),
      sh('rm /etc/hosts; rmdir /proc; true'),
    );
    for (const { changes } of outcomes) expect(changes).toEqual(['/ dir as below']);
  });

  test('an empty root filesystem, with a program from elsewhere', async () => {
    const mounts = [{ kind: 'bind', path: '/b', from: 'base', source: '/bin', readOnly: true }] as const;
    const script = '/b/echo made >/x; /b/touch -d @5 /x /; /b/ls /';
    const [made, none] = await run({ args: ['/b/sh', '-c', script], onto: -1, mounts }, { args: ['/b/sh'], onto: -1 });
    expect(made?.lines?.filter((name) => name !== 'b')).toEqual(['dev', 'etc', 'proc', 'sys', 'x']);
    expect(made?.changes).toEqual(['/ dir 755 0:0 5.0', '/x file 644 0:0 5.0 "made\\n"']);
    expect(none?.error).toMatch(/cannot run/);
  });

  test('one step on another, and on what another has kept', async () => {
    const [, second, third] = await run(
      sh('echo one >/x; rm -r /data/opaque; mkdir /data/opaque; chown 33:44 /x; chmod 600 /x; rm /data/c'),
      sh('cat /x; ls -A /data/opaque; ls /data/c; rm /x; echo more >/data/opaque/1', { onto: 0 }),
      sh('ls /x; cat /data/opaque/1; stat -c %u:%a /data', { onto: 1 }),
    );
    expect(second?.lines?.toSorted()).toEqual(['! ls: /data/c: No such file or directory', 'one']);
    expect(second?.changes).toContain('/x gone');
    expect(third?.lines?.toSorted()).toEqual(['! ls: /x: No such file or directory', '33:751', 'more']);
  });

  test('status, output and input', async () => {
    const outcomes = await run(
      sh('echo out; echo err >&2; printf end; exit 7'),
      { args: ['sh'], stdin: 'echo "$0 reads"\nfalse\n' },
      { args: ['cat'] },
      { args: ['/no/such'] },
      sh('kill -9 1; sleep 0.1; sh -c "kill -TERM \\$\\$"; exit $?'),
    );
    expect(outcomes[0]?.status).toBe(7);
    expect(outcomes[0]?.lines?.toSorted()).toEqual(['! err', 'end', 'out']);
    expect(outcomes[1]).toMatchObject({ status: 1, lines: ['sh reads'] });
    expect(outcomes[2]).toMatchObject({ status: 0, lines: [] });
    expect(outcomes[3]?.error).toMatch(/cannot run \/no\/such/);
    expect(outcomes[4]).toMatchObject({ status: 143 });
  });

  test('user, groups, environment and directory', async () => {
    const [app, number, nobody] = await run(
      sh('id -u; id -g; id -G; pwd; echo $HOME $A; echo $PATH', {
        process: { user: 'app', cwd: '/data/keep', env: ['A=b=c'] },
      }),
      sh('id -u; id -g; echo $HOME', { process: { user: '5:web' } }),
      sh('true', { process: { user: 'none' } }),
    );
    expect(app?.lines).toEqual([
      '33',
      '44',
      '44 55',
      '/data/keep',
      '/home/app b=c',
      '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ]);
    expect(number?.lines).toEqual(['5', '44', '/']);
    expect(nobody?.error).toMatch(/no user "none"/);
  });

  test('network, hosts, host name, shared memory, limits', async () => {
    const step = {
      network: 'none',
      hostname: 'apart',
      extraHosts: [{ name: 'db', address: '10.0.0.7' }],
      shmSize: 1 << 20,
      ulimits: [{ name: 'nofile', soft: 99, hard: 100 }],
    } as const;
    const [outcome] = await run(
      sh(
        'ls /sys/class/net; hostname; grep db /etc/hosts; df -k /dev/shm | sed -n "s/^shm *\\([0-9]*\\) .*/\\1/p"; ulimit -n',
        { step },
      ),
    );
    expect(outcome?.lines).toEqual(['lo', 'apart', '10.0.0.7\tdb', '1024', '99']);
  });

  test('insecure: capabilities, and nothing hidden', async () => {
    const script =
      'grep CapEff /proc/self/status; ls /proc/acpi >/dev/null 2>&1; mount -t tmpfs t /data/keep && echo mounted';
    const [safe, insecure] = await run(sh(script), sh(script, { step: { security: 'insecure' } }));
    // What it prints and what it complains of come by two streams, in either order.
    expect(safe?.lines?.find((line) => line.startsWith('CapEff'))).toMatch(/a80425fb$/);
    expect(safe?.lines).not.toContain('mounted');
    expect(insecure?.lines).toContain('mounted');
    expect(insecure?.changes).toEqual(['/ dir as below']);
  });

  test('files of another root, to read or to write to in vain', async () => {
    const from = '/src/a one\n/src/sub/b two\n/link -> src';
    const [read, written, file, missing] = await run(
      sh('cat /in/a /in/sub/b; echo x >/in/c; ls /in', {
        mounts: [{ kind: 'bind', path: '/in', from, source: '/link', readOnly: true }],
      }),
      sh('echo x >/in/c && cat /in/c /in/a', {
        mounts: [
          { kind: 'bind', path: '/in', from, source: '/src', readOnly: false },
          { kind: 'tmpfs', path: '/in/deep' },
        ],
      }),
      sh('cat /in; ls /', {
        mounts: [
          { kind: 'bind', path: '/in', from, source: '/src/a', readOnly: true },
          { kind: 'bind', path: '/data/own', from, source: '/', readOnly: true },
        ],
      }),
      sh('true', { mounts: [{ kind: 'bind', path: '/in', from, source: '/none', readOnly: true }] }),
    );
    expect(read?.lines).toEqual(expect.arrayContaining(['onetwoa', 'sub']));
    expect(read?.lines?.join()).toMatch(/Read-only/);
    expect(written?.lines).toEqual(['x', 'one']);
    expect(file?.lines?.join()).toMatch(/^onebin/);
    expect(missing?.error).toMatch(/nothing at \/none/);
    for (const { changes } of [read, written, file] as Outcome[]) expect(changes).toEqual(['/ dir as below']);
  });

  test('caches outlive steps, begin as asked, and are shared or not', async () => {
    const cache = (id: string, sharing: string, more = {}) =>
      ({
        kind: 'cache',
        path: '/cache',
        id,
        sharing,
        readOnly: false,
        mode: 0o750,
        uid: 33,
        gid: 44,
        ...more,
      }) as const;
    const first = await run(
      sh('cat /cache/a; stat -c "%a %u:%g" /cache; echo kept >/cache/x; chown 33 /cache/x', {
        mounts: [cache('one', 'shared', { from: '/a begun' })],
      }),
      sh('ls /cache; stat -c %u /cache/x; echo no >/cache/y', { mounts: [cache('one', 'locked', { readOnly: true })] }),
      sh('ls /cache', { mounts: [cache('other', 'shared')] }),
    );
    expect(first.map(({ lines }) => lines?.filter((line) => !line.startsWith('!')))).toEqual([
      ['begun750 33:44'],
      ['a', 'x', '33'],
      [],
    ]);
    const slow = (id: string, sharing: string): Order =>
      sh('ls /cache; touch /cache/$$-$(cat /proc/uptime | sed "s/ .*//"); sleep 1; ls /cache | wc -l', {
        mounts: [cache(id, sharing)],
        together: true,
      });
    const [a, b, c, d] = await run(
      slow('l', 'locked'),
      slow('l', 'locked'),
      slow('p', 'private'),
      slow('p', 'private'),
    );
    expect([a?.lines?.at(-1), b?.lines?.at(-1)].toSorted()).toEqual(['1', '2']);
    expect([c?.lines?.at(-1), d?.lines?.at(-1)]).toEqual(['1', '1']);
  });

  test('secrets are files and variables of the step, and nowhere on the disk', async () => {
    const secret = 'canary-5f0c7c1a';
    const mounts = [
      { kind: 'secret', path: '/run/secrets/key', bytes: secret, mode: 0o440, uid: 33, gid: 44 },
      { kind: 'secret-env', name: 'TOKEN', value: secret },
    ] as const;
    const { ended, said, child } = person.node('test/e2e/build/worker.ts', [
      tar,
      JSON.stringify([
        sh('stat -c "%a %u:%g" /run/secrets/key; cat /run/secrets/key >&2; echo >&2; echo "$TOKEN" >&2; sleep 2', {
          mounts,
        }),
      ]),
    ]);
    child.stdin?.end();
    await Promise.race([sleep(60_000), said('x').catch(() => undefined), eventuallySaid(child, secret)]);
    const found = spawnSync('grep', ['-rl', secret, join(person.home, 'store')], { encoding: 'utf8' });
    expect(found.stdout).toBe('');
    const [outcome] = JSON.parse((await ended).stdout) as Outcome[];
    expect(outcome).toMatchObject({ status: 0, changes: ['/ dir as below'] });
    expect(outcome?.lines).toContain('440 33:44');
    expect(outcome?.lines?.filter((line) => line.includes(secret))).toHaveLength(2);
  });

  test('the agent answers at the socket, whose owner is asked for', async () => {
    const socket = join(person.home, 'agent');
    const server = createServer(
      (client) => void client.on('data', (asked) => client.end(`agent got ${asked.toString('hex')}`)),
    );
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    await chmod(socket, 0o600);
    await chown(socket, person.uid, person.uid);
    try {
      const mounts = [{ kind: 'ssh', path: '/run/agent.0', socket, mode: 0o600, uid: 33, gid: 44 }] as const;
      const [outcome] = await run(
        sh('stat -c "%a %u:%g" /run/agent.0; probe connect /run/agent.0', { mounts, process: { user: '33:44' } }),
      );
      expect(outcome).toMatchObject({
        status: 0,
        lines: ['600 33:44', 'agent got 000000010b'],
        changes: ['/ dir as below'],
      });
    } finally {
      server.close();
    }
  });

  test('one that is aborted ends at once', async () => {
    const begun = performance.now();
    const [outcome, next] = await run(sh('echo up; trap "" TERM; sleep 100', { abort: 3000 }), sh('true'));
    expect(outcome?.error).toMatch(/Timeout/);
    expect(next?.status).toBe(0);
    expect(performance.now() - begun).toBeLessThan(60_000);
  });

  test('killed at any moment, it leaves no process and no mount, and the next one cleans up', async () => {
    for (const wait of [0, 150, 400]) {
      const { child, ended } = start([sh(`sleep 7${wait}7`, { mounts: [{ kind: 'tmpfs', path: '/t' }] })]);
      await Promise.race([eventually(() => processes(`sleep 7${wait}7`) > 0), ended]);
      await sleep(wait);
      // unshare(1), where there is one, becomes the worker: no process is between.
      child.kill('SIGKILL');
      await ended;
      await eventually(() => processes(`sleep 7${wait}7`) === 0);
      expect(mountsOf(person.home)).toEqual([]);
    }
    expect(await run(sh('true'))).toMatchObject([{ status: 0 }]);
    await nothingLeft(person);
  });
});

async function eventually(done: () => boolean): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (done()) return;
    await sleep(50);
  }
  throw new Error('it did not happen within 30 seconds');
}

function eventuallySaid(child: { stderr: NodeJS.ReadableStream | null }, text: string): Promise<void> {
  return new Promise((resolve) => child.stderr?.on('data', (piece) => String(piece).includes(text) && resolve()));
}

const processes = (line: string): number =>
  spawnSync('pgrep', ['-fxc', line], { encoding: 'utf8' }).stdout.trim() === '0' ? 0 : 1;

function mountsOf(home: string): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(join(home, 'store')));
}

/** What builds that were killed before have left in the machine. */
const OTHERS = new Set(cgroups());

/** All that there is of a layer, in one form or the other. */
const HELD = ['fs', 'index.erofs', 'devices.json', 'info.json', 'lock'];

/** But what is cached: layers with a name, and cache mounts. */
async function nothingLeft(person: Person): Promise<void> {
  expect(mountsOf(person.home)).toEqual([]);
  const directory = join(person.home, 'store/cache/snapshots');
  const places = (await readdir(directory)).filter((name) => name !== 'keys');
  for (const place of places) expect(HELD).toEqual(expect.arrayContaining(readdirSync(join(directory, place))));
  expect(cgroups().filter((path) => !OTHERS.has(path))).toEqual([]);
}

/** Of steps of any store that have ended. */
function cgroups(): readonly string[] {
  const words = ['/sys/fs/cgroup', '-maxdepth', '2', '-name', 'pare-????????????'];
  // One may go while it is looked at.
  const found = spawnSync('find', words, { encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
  return found.filter((path) => spawnSync('cat', [join(path, 'cgroup.procs')], { encoding: 'utf8' }).stdout === '');
}

test.runIf(ready)('an ordinary user’s layer is root’s layer', () => {
  expect(tables.get('an ordinary user')).toEqual(tables.get('root'));
  expect(tables.get('root')?.length).toBeGreaterThan(20);
});

const docker = ready && machineHas({ root: true, programs: ['docker', 'dockerd'] });

test.runIf(docker)('docker’s layer of the same step is the same, in seconds and without user attributes', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'pare-steps-'));
  try {
    await using daemon = await startDocker();
    const words = async (...args: readonly string[]) => {
      const ended = await command(['docker', ...args], { env: { ...daemon.env, DOCKER_BUILDKIT: '0' } });
      expect(ended).toMatchObject({ status: 0 });
    };
    await writeFile(join(directory, 'base.tar'), await baseTar());
    await writeFile(join(directory, 'Dockerfile'), `FROM base\nRUN ${JSON.stringify(['sh', '-c', SCRIPT])}\n`);
    await words('import', join(directory, 'base.tar'), 'base');
    await words('build', '--network=host', '-t', 'made', directory);
    await words('save', '-o', join(directory, 'made.tar'), 'made');
    await using made = await openRoot(`docker-archive:${directory}/made.tar`, {
      env: { PARE_HOME: join(directory, 'store') },
    });
    const layer = made.image?.layers.at(-1);
    if (layer === undefined) throw new Error('no image');
    const theirs = await describeChanges(layer.changes, 2_000_000_000);
    expect(plain(theirs)).toEqual(plain(tables.get('root') ?? []));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

/** Files that a step has opened for writing and left as they were: docker writes them again. */
const COPIED_UP = /^\/data\/(a|same) /;

/** What both can say: docker writes whole seconds and no attributes but capabilities, and describes directories that did not change. */
function plain(lines: readonly string[]): readonly string[] {
  const known = lines.filter((line) => !line.endsWith(' dir as below') && !line.startsWith('/ '));
  const same = known.filter((line) => !COPIED_UP.test(line));
  return same.map((line) =>
    line
      .replace(' opaque', '')
      .replace(/(\d{10})\.\d+/, '$1')
      .replace(/ user\.\S+/, ''),
  );
}
