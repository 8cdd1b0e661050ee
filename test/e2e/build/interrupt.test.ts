/**
 * Builds that are ended at any moment of their work, and builds on a disk without room: nothing that belongs to them is left, the store
 * is whole, and the next build gives the image that it should.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSink } from '../../../src/sinks.ts';
import { machinePlatform } from '../../../src/system/machine.ts';
import { saveImage } from '../../../src/transforms/save/save.ts';
import type { Settings } from '../../cli/pare.ts';
import { machineHas } from '../needs.ts';
import { ordinaryUser, type Person, root } from '../run/people.ts';
import { baseTree } from './base.ts';

/** For each of the two who build; `INTERRUPTIONS=100` for a longer run. */
const MOMENTS = Number(process.env['INTERRUPTIONS'] ?? 12);
/** Of the room that a build takes, how much there is. */
const PARTS = MOMENTS > 20 ? [0.05, 0.15, 0.25, 0.4, 0.55, 0.7, 0.85] : [0.15, 0.6, 0.85];
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGKILL'] as const;

const ready = machineHas({
  root: true,
  programs: ['runc', 'newuidmap', 'busybox', 'gcc', 'useradd', 'setpriv', 'unshare', 'mount'],
});

/** In the environment of pare, and of the programs of its steps: so that all its processes are known. */
const MARK = `PARE_INTERRUPTED=${process.pid}`;

// A program that finds no room is a step that fails: what goes on regardless would be remembered as it is.
const DOCKERFILE = `
FROM base AS one
ENV ${MARK}
RUN --mount=type=cache,target=/cache set -e; echo more >>/cache/n; mkdir /w; for i in 1 2 3 4 5 6 7 8; do dd if=/data/big of=/w/$i bs=64k; done; sleep 0.1
COPY files /files
FROM base AS two
ENV ${MARK}
COPY --chown=33:44 files /own
RUN --mount=type=tmpfs,target=/t --mount=type=bind,target=/in,source=files set -e; cp /in/f1 /t/x; cat /t/x >/copied; rm -r /data/opaque; sleep 0.1
FROM one
COPY --from=two /copied /own /got/
RUN --mount=type=cache,target=/cache --mount=type=secret,id=s set -e; cat /run/secrets/s >/dev/null; sleep 0.1; rm -r /data/gone; echo done >/done
WORKDIR /x/y
RUN touch /x/z
`;

let materials: string;

beforeAll(async () => {
  if (!ready) return;
  materials = await mkdtemp(join(tmpdir(), 'pare-interrupted-'));
  await chmod(materials, 0o755);
  const env = { PARE_HOME: join(materials, 'store') };
  await using sink = await openSink(`oci:${materials}/base`, { env });
  const config = { Env: ['PATH=/bin'], Cmd: ['sh'] };
  await saveImage({ platform: machinePlatform(), config, layers: [{ kind: 'made', content: baseTree() }] }, sink);
  await mkdir(`${materials}/context/files`, { recursive: true });
  await writeFile(`${materials}/context/Dockerfile`, DOCKERFILE.replaceAll('/data/big', '/bin/busybox'));
  for (let i = 0; i < 40; i++) await writeFile(`${materials}/context/files/f${i}`, `${i}\n`.repeat(2000));
  await rm(env.PARE_HOME, { recursive: true, force: true });
});

afterAll(async () => {
  if (materials !== undefined) await rm(materials, { recursive: true, force: true });
});

/** Images of all who build are the same. */
const digests = new Set<string>();

describe.runIf(ready).each([
  ['root', root],
  ['an ordinary user', ordinaryUser],
])('a build by %s', (_, become) => {
  let person: Person;
  let store: string;

  beforeAll(async () => {
    person = await become();
    store = join(person.home, 'store');
    await cp(materials, join(person.home, 'm'), { recursive: true });
    await mkdir(join(person.home, 'tmp'), { mode: 0o1777 });
    await chmod(join(person.home, 'tmp'), 0o1777);
  });

  afterAll(() => person[Symbol.asyncDispose]());

  function start(options: readonly string[] = [], settings: Settings = {}) {
    const [name, value] = MARK.split('=') as [string, string];
    const env = { [name]: value, SOURCE_DATE_EPOCH: '1700000000', SECRET: 's', TMPDIR: join(person.home, 'tmp') };
    const words = [
      'build',
      '--build-context',
      'base=oci:m/base',
      '--secret',
      'id=s,env=SECRET',
      '-t',
      'made',
      'm/context',
    ];
    const running = person.start([...words, ...options], { ...settings, env });
    running.child.stdin?.end();
    return running;
  }

  const build = (...options: readonly string[]) => start(options).ended;

  async function buildsRight(): Promise<void> {
    const ended = await build();
    expect(ended, ended.stderr).toMatchObject({ status: 0 });
    digests.add(ended.stdout.trim());
    expect([...digests]).toHaveLength(1);
    expect(processes()).toEqual([]);
  }

  async function isWhole(): Promise<void> {
    const ended = await person.pare(['verify', '--store']);
    expect(ended, ended.stderr).toMatchObject({ status: 0 });
  }

  async function nothingRuns(): Promise<void> {
    await eventually(() => processes().length === 0);
    expect(mountsIn(store)).toEqual([]);
    expect(cgroupsOf(store)).toEqual([]);
  }

  test(`${MOMENTS} of them interrupted`, { timeout: 3_600_000 }, async () => {
    await buildsRight();
    const begun = performance.now();
    await build('--no-cache');
    const whole = performance.now() - begun;
    let finished = 0;
    for (let i = 0; i < MOMENTS; i++) {
      const signal = SIGNALS[i % SIGNALS.length] as NodeJS.Signals;
      const group = Math.floor(i / SIGNALS.length) % 2 === 1;
      const { child, ended } = start(['--no-cache'], { detached: true });
      await sleep(((i + Math.random()) / MOMENTS) * whole);
      const pid = child.pid as number;
      const alive = child.exitCode === null;
      if (alive) process.kill(group ? -pid : pid, signal);
      const { status, stderr, signal: by } = await ended;
      if (!alive || status === 0) finished++;
      else if (status === null)
        expect(by).toBe(signal); // before it could do anything about it
      else expect({ status, stderr }).toEqual({ status: signal === 'SIGINT' ? 130 : 143, stderr: expect.any(String) });
      await nothingRuns();
      const left = remains(store);
      // What is sent to the whole group can meet the removal itself: what is taken apart then, the next step sweeps.
      const tolerated = (path: string) => group && path.startsWith('.dead-');
      if (by === null && signal !== 'SIGKILL') {
        expect({ i, remains: left.filter((path) => !tolerated(path)) }).toEqual({ i, remains: [] });
      }
      await isWhole();
      await buildsRight();
      // A step that is run sweeps what was killed has left.
      if (by !== null || left.length > 0) await build('--no-cache');
      expect({ i, remains: remains(store) }).toEqual({ i, remains: [] });
    }
    expect(finished).toBeLessThan(MOMENTS / 2);
    expect(await person.pare(['prune'])).toMatchObject({ status: 0 });
    expect([...readdirSync(join(store, 'tmp')), ...readdirSync(join(store, 'leases'))]).toEqual([]);
    expect(readdirSync(join(person.home, 'tmp'))).toEqual([]);
  });

  test('without room on the disk', { timeout: 3_600_000 }, async () => {
    await rm(store, { recursive: true, force: true });
    await mkdir(store, { recursive: true });
    const owner = `uid=${person.uid},gid=${person.uid},mode=700`;
    const mounted = (size: string) =>
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},${owner}`, 'pare', store]);
    const unmounted = () => execFileSync('umount', [store]);
    mounted('1g');
    try {
      await buildsRight();
      const used = Number(execFileSync('df', ['--output=used', store], { encoding: 'utf8' }).split('\n')[1]);
      for (const part of PARTS) {
        unmounted();
        mounted(`${Math.floor(used * part)}k`);
        const ended = await build();
        expect({ part, ...ended }).toMatchObject({ status: 3, stderr: expect.stringMatching(/no space left/i) });
        expect(ended.stderr).not.toMatch(/internal error/);
        await nothingRuns();
        expect(remains(store)).toEqual([]);
        await isWhole();
        execFileSync('mount', ['-o', 'remount,size=1g', store]);
        await buildsRight();
      }
    } finally {
      unmounted();
    }
  });
});

/** Command lines of what still runs. */
function processes(): readonly string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    const environment = textOf(`/proc/${pid}/environ`);
    return environment.split('\0').includes(MARK)
      ? [`${pid} ${textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`]
      : [];
  });
}

/** In any mount namespace. */
function mountsIn(directory: string): readonly string[] {
  const lines = readdirSync('/proc').flatMap((pid) =>
    /^\d+$/.test(pid) ? textOf(`/proc/${pid}/mountinfo`).split('\n') : [],
  );
  return [...new Set(lines.filter((line) => line.includes(`${directory}/`)))];
}

/** Of steps whose places are there. */
function cgroupsOf(store: string): readonly string[] {
  const names = namesIn(join(store, 'cache/snapshots')).map((name) => `pare-${name}`);
  const tops = ['/sys/fs/cgroup', ...namesIn('/sys/fs/cgroup').map((name) => `/sys/fs/cgroup/${name}`)];
  return tops.flatMap((top) => names.map((name) => join(top, name))).filter((path) => existsSync(path));
}

/** What a store has besides what it keeps. */
function remains(store: string): readonly string[] {
  const snapshots = join(store, 'cache/snapshots');
  const keys = namesIn(join(snapshots, 'keys'));
  const kept = new Set(
    keys.map((key) =>
      execFileSync('readlink', [join(snapshots, 'keys', key)], { encoding: 'utf8' })
        .trim()
        .slice(3),
    ),
  );
  const places = namesIn(snapshots).filter((name) => name !== 'keys' && !kept.has(name));
  const scaffold = [...kept].flatMap((name) => namesIn(join(snapshots, name)).map((file) => `${name}/${file}`));
  const known = /\/(fs|info\.json|lock|index\.erofs|devices\.json)$/;
  return [...places, ...scaffold.filter((path) => !known.test(path))];
}

function namesIn(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
}

async function eventually(done: () => boolean): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (done()) return;
    await sleep(100);
  }
  throw new Error(`still there after 30 seconds: ${processes().join('\n')}`);
}
