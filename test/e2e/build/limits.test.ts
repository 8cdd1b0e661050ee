/** Builds where something is short or other than usual: layers without end, no memory, no ids, an overlay below; and what steps may be given. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { openSink } from '../../../src/sinks.ts';
import { machinePlatform } from '../../../src/system/machine.ts';
import { saveImage } from '../../../src/transforms/save/save.ts';
import { LAUNCHER, type Running, start as startProgram } from '../../cli/pare.ts';
import { machineHas } from '../needs.ts';
import { ordinaryUser, type Person, root } from '../run/people.ts';
import { baseTree } from './base.ts';

const ready = machineHas({ root: true, programs: ['runc', 'newuidmap', 'busybox', 'gcc', 'useradd', 'mount'] });

let people: Person[] = [];

afterEach(async () => {
  for (const person of people) await person[Symbol.asyncDispose]();
  people = [];
});

/** A person with a base and a context, that of the file given. */
async function settled(become: () => Promise<Person>, dockerfile: string): Promise<Person> {
  const person = await become();
  people.push(person);
  await mkdir(join(person.home, 'context'));
  await writeFile(join(person.home, 'context/Dockerfile'), dockerfile);
  await writeFile(join(person.home, 'context/f'), 'f\n');
  await using sink = await openSink(`oci:${person.home}/base`, { env: { PARE_HOME: join(person.home, 'made') } });
  const layers = [{ kind: 'made', content: baseTree() }] as const;
  await saveImage({ platform: machinePlatform(), config: { Env: ['PATH=/bin'], Cmd: ['sh'] }, layers }, sink);
  return person;
}

const WORDS = ['build', '--build-context', 'base=oci:base', 'context'];

function start(person: Person, options: readonly string[] = [], env = {}): Running {
  const running = person.start([...WORDS, ...options], { env });
  running.child.stdin?.end();
  return running;
}

const BOTH = [
  ['root', root],
  ['an ordinary user', ordinaryUser],
] as const;

describe.runIf(ready).each(BOTH)('%s', (_, become) => {
  test('builds on 300 layers', async () => {
    const copies = Array.from({ length: 300 }, (_nothing, i) => `COPY f /d/${i}\n`).join('');
    const file = `FROM base\n${copies}RUN ls /d | wc -l; rm /d/7 /d/299; touch /d/new\nRUN ls /d | wc -l; ls /d/7\n`;
    const person = await settled(become, file);
    const { status, stderr } = await start(person).ended;
    expect({ status, stderr }).toMatchObject({ status: 3, stderr: expect.stringMatching(/\/d\/7: No such file/) });
    expect(stderr.match(/^#\d+ \d+$/gm)?.map((line) => line.replace(/.* /, ''))).toEqual(['300', '299']);
  });

  test('gives steps what was asked for', async () => {
    const file = `FROM base
RUN df -k /dev/shm | sed -n "s/^shm *\\([0-9]*\\) .*/shm \\1/p"; ulimit -n; ulimit -H -n; grep db /etc/hosts; ls /sys/class/net | wc -l
RUN --network=none ls /sys/class/net
RUN --security=insecure mount -t tmpfs t /data/keep && ls -A /data/keep && echo insecure
`;
    const person = await settled(become, file);
    const given = ['--shm-size', '2m', '--ulimit', 'nofile=99:100', '--add-host', 'db:10.0.0.7', '--no-cache'];
    const refused = await start(person, given).ended;
    expect(refused).toMatchObject({ status: 3, stderr: expect.stringMatching(/--allow security.insecure/) });
    const { status, stderr } = await start(person, [...given, '--allow', 'security.insecure']).ended;
    expect({ status, stderr }).toMatchObject({ status: 0 });
    for (const line of ['shm 2048', '99', '100', '10.0.0.7\tdb', 'lo', 'insecure']) {
      expect(stderr).toMatch(new RegExp(`^#\\d+ ${line}$`, 'm'));
    }
  });
});

describe.runIf(ready)('without', () => {
  test('ranges of ids, an ordinary user is told how to get them', async () => {
    const person = await settled(() => ordinaryUser({ subIds: false }), 'FROM base\nRUN true\n');
    const { status, stderr } = await start(person).ended;
    expect(status).toBe(3);
    expect(stderr).toMatch(/no range of ids/);
    expect(stderr).toMatch(/usermod --add-subuids 100000-165535/);
    expect(stderr.match(/pare:/g)).toHaveLength(1);
  });

  test('a file system that an overlay can write to, one is told', async () => {
    const person = await settled(root, 'FROM base\nRUN true\n');
    const at = (name: string) => join(person.home, name);
    for (const name of ['lower', 'upper', 'work', 'store']) await mkdir(at(name));
    const options = `lowerdir=${at('lower')},upperdir=${at('upper')},workdir=${at('work')}`;
    execFileSync('mount', ['-t', 'overlay', '-o', options, 'overlay', at('store')]);
    try {
      const { status, stderr } = await start(person).ended;
      expect({ status, stderr }).toMatchObject({ status: 3, stderr: expect.stringMatching(/lies on an overlayfs/) });
      expect(stderr).toMatch(/hint: set PARE_HOME/);
      const elsewhere = await start(person, [], { PARE_HOME: at('elsewhere') }).ended;
      expect(elsewhere).toMatchObject({ status: 0 });
    } finally {
      execFileSync('umount', [at('store')]);
    }
  });

  test('a runtime that can start programs, the next one does', async () => {
    const person = await settled(root, 'FROM base\nRUN echo done\n');
    await mkdir(join(person.home, 'bin'));
    const refusal = '{"level":"error","msg":"no cgroups for you"}';
    const script = `#!/bin/sh\nwhile [ $# -gt 0 ]; do [ "$1" = --log ] && echo '${refusal}' >>"$2"; shift; done; exit 1\n`;
    for (const name of ['runc', 'crun']) await writeFile(join(person.home, 'bin', name), script, { mode: 0o755 });
    const env = { PATH: `${person.home}/bin:${process.env['PATH']}` };
    const { status, stderr } = await start(person, [], env).ended;
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stderr).toMatch(/runc could not start the program: no cgroups for you; steps are run with crun instead/);
    expect(stderr).toMatch(/steps are run with chroot instead/);
    expect(stderr).toMatch(/^#\d+ done$/m);
    const wanted = await start(person, ['--runtime', 'runc', '--no-cache'], env).ended;
    expect(wanted).toMatchObject({ status: 3, stderr: expect.stringMatching(/no cgroups for you/) });
  });
});

test.runIf(ready)('without any runtime steps are run, and it is said how', async () => {
  const person = await settled(root, 'FROM base\nRUN echo done\n');
  // No file that could be run stands where the runtimes are.
  const hide = 'for name in runc crun; do at=$(command -v $name) && mount --bind /dev/null "$at"; done; exec "$@"';
  const words = ['unshare', '--mount', 'sh', '-c', hide, 'sh', process.execPath, LAUNCHER, ...WORDS];
  const { child, ended } = startProgram(words, { cwd: person.home, env: { PARE_HOME: join(person.home, 'store') } });
  child.stdin?.end();
  const { status, stderr } = await ended;
  expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringMatching(/^#\d+ done$/m) });
  expect(stderr).toMatch(/warning: neither runc nor crun is installed: steps are run with chroot/);
});

/** The control group of memory in which this test is: cgroups(7), of the first version or the second. */
const MEMORY = existsSync('/sys/fs/cgroup/memory')
  ? { top: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' }
  : { top: '/sys/fs/cgroup', limit: 'memory.max' };

describe.runIf(ready && existsSync(MEMORY.top)).each(BOTH)('%s', (_, become) => {
  test.each(['runc', 'chroot'])(
    'is told of a step (%s) that the kernel has ended for want of memory',
    async (runtime) => {
      const person = await settled(become, 'FROM base\nRUN busybox tail /dev/zero\n');
      const group = join(MEMORY.top, `pare-test-${process.pid}`);
      await mkdir(group);
      try {
        await writeFile(join(group, MEMORY.limit), String(500 * 1024 * 1024));
        const { child, ended } = start(person, ['--runtime', runtime]);
        await writeFile(join(group, 'cgroup.procs'), String(child.pid));
        const { status, stderr } = await ended;
        expect({ status, stderr }).toMatchObject({ status: 3 });
        expect(stderr).toMatch(
          /was ended by signal 9 \(SIGKILL\); there was no memory left, and the kernel ended a process/,
        );
        expect(stderr).toMatch(/hint: let it do less/);
      } finally {
        for (let i = 0; i < 50 && existsSync(group); i++) await rmdir(group).catch(() => sleep(100));
      }
    },
  );
});
