/** `pare run` with a real runtime, as root and as an ordinary user: what docker run's users expect of it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineHas } from '../needs.ts';
import { ordinaryUser, type Person, root } from './people.ts';

const ready = machineHas({
  root: true,
  programs: ['runc', 'newuidmap', 'busybox', 'useradd', 'setpriv', 'unshare', 'script', 'setpriv'],
});

/** Its shell's built-in commands and applets do everything here. */
const BUSYBOX = '/bin/busybox';

describe.runIf(ready).each([
  ['root', root],
  ['an ordinary user', ordinaryUser],
])('run as %s', (_, become) => {
  let person: Person;

  beforeAll(async () => {
    person = await become();
    const packed = await person.pare([
      ...[
        'pack',
        BUSYBOX,
        '-t',
        'box',
        '--user',
        'app:10000:10001',
        '--env',
        'GREETING=hello world',
        '--workdir',
        '/srv',
      ],
      ...['--volume', '/data', '--entrypoint', '["/bin/busybox","sh","-c"]', '--cmd', '["echo $GREETING"]'],
    ]);
    expect(packed).toMatchObject({ status: 0 });
  });

  afterAll(async () => {
    await nothingLeft(person);
    await person[Symbol.asyncDispose]();
  });

  /** A shell script in the image, with options for run before it. */
  const script = (text: string, options: readonly string[] = [], input?: string) =>
    person.pare(['run', ...options, 'box', text], input === undefined ? {} : { input });

  test('what the image says', async () => {
    expect(await person.pare(['run', 'box'])).toEqual({ status: 0, signal: null, stdout: 'hello world\n', stderr: '' });
  });

  test('user, groups, home and working directory of the image', async () => {
    const { stdout } = await script('id -u; id -g; pwd; echo $PATH; echo $HOME');
    const lines = stdout.split('\n');
    expect(lines.slice(0, 3)).toEqual(['10000', '10001', '/srv']);
    expect(lines[3]).toBe('/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
  });

  test.each([
    [0, 'exit 0'],
    [7, 'exit 7'],
    [125, 'exit 125'],
    [255, 'exit 255'],
  ])('exit status %i', async (status, text) => {
    expect(await script(text)).toMatchObject({ status, stderr: '' });
  });

  test('the status of a program that a signal ended is 128 and its number', async () => {
    // The first process of a container gets no signal that it has no handler for; sleep's default would not do.
    expect(await script('sh -c "kill -TERM \\$\\$"; exit $?')).toMatchObject({ status: 143 });
    const { child, ended, said } = person.start(['run', 'box', 'echo up; exec sleep 1000']);
    await said('up\n');
    const [init] = execFileSync('pgrep', ['-fx', 'sleep 1000'], { encoding: 'utf8' }).split('\n');
    process.kill(Number(init), 'SIGKILL');
    expect(await ended).toMatchObject({ status: 137 });
    expect(child.exitCode).toBe(137);
  });

  test.each([
    [127, ['--entrypoint', 'no-such-program'], 'no-such-program'],
    [127, ['--entrypoint', '/bin/none'], 'the image has no such file'],
    [126, ['--entrypoint', '/etc'], 'it is a directory'],
    [126, ['--entrypoint', '/etc/passwd'], 'it has no execute permission'],
    [125, ['--user', 'nobody-knows'], 'the image has no user "nobody-knows"'],
    [125, ['--volume', '/no/such/place:/x'], 'cannot show /no/such/place'],
    [125, ['--volume', 'nonsense'], '"nonsense" is no volume'],
    [125, ['--runtime', '/no/such/runtime'], '/no/such/runtime'],
    [125, ['--network', 'bridge'], 'Allowed choices are host, none'],
    [125, ['--tty'], 'there is no terminal'],
  ])('%i for %j', async (status, options, message) => {
    const ended = await person.pare(['run', ...options, 'box', 'true']);
    expect(ended).toMatchObject({ status, stdout: '' });
    expect(ended.stderr).toMatch(/^pare: /);
    expect(ended.stderr).toContain(message);
  });

  test('an image that is not there', async () => {
    expect(await person.pare(['run', 'nowhere'])).toMatchObject({ status: 125, stdout: '' });
  });

  test('arguments behind the image are the program’s, options included', async () => {
    const echo = ['--entrypoint', '["/bin/busybox","echo"]', 'box'];
    expect((await person.pare(['run', ...echo, '--json', '-v', '--', 'x'])).stdout).toBe('--json -v -- x\n');
    expect((await person.pare(['run', ...echo, '--', '--help'])).stdout).toBe('--help\n');
  });

  test('the environment: the image’s, the caller’s, handed on or set', async () => {
    const env = { HANDED: 'on', SECRET: 'canary' };
    const options = ['--env', 'HANDED', '--env', 'ABSENT', '--env', 'SET=a=b', '-e', 'GREETING=other'];
    const { stdout } = await person.pare(['run', ...options, 'box', 'env'], { env });
    expect(stdout).toContain('HANDED=on\n');
    expect(stdout).toContain('SET=a=b\n');
    expect(stdout).toContain('GREETING=other\n');
    expect(stdout).not.toMatch(/ABSENT|SECRET|canary/);
  });

  test('--user by number, --workdir made where it is missing', async () => {
    const { stdout } = await script('id -u; id -g; pwd', ['--user', '33:44', '--workdir', '/made/for/it']);
    expect(stdout).toBe('33\n44\n/made/for/it\n');
  });

  test('files supplied: resolv.conf, hosts, hostname; and none of them in the image', async () => {
    const { stdout } = await script(
      'cat /etc/resolv.conf; echo --; cat /etc/hosts; echo --; cat /etc/hostname; hostname',
      ['--hostname', 'somebody'],
    );
    const [resolv, hosts, names] = stdout.split('--\n');
    expect(resolv).toBe(await readFile('/etc/resolv.conf', 'utf8').catch(() => ''));
    expect(hosts).toMatch(/somebody/);
    expect(names).toBe('somebody\nsomebody\n');
    const { stdout: listed } = await person.pare(['ls', '-R', 'box', '/']);
    expect(listed).not.toMatch(/resolv\.conf|hosts$|hostname/m);
  });

  test('/dev, /proc, /sys and /tmp', async () => {
    const { stdout } = await script(
      'for f in null zero full random urandom tty pts shm; do [ -e /dev/$f ] || echo no $f; done; echo x >/tmp/x && cat /tmp/x;' +
        'head -c 3 /dev/zero | wc -c; [ -d /proc/self/fd ] && [ -d /sys/class ] && echo there; ls /proc/1/exe >/dev/null && echo own',
    );
    expect(stdout).toBe('x\n3\nthere\nown\n');
  });

  test('without a network there is loopback, and nothing else', async () => {
    const { stdout } = await script('ls /sys/class/net; cat /etc/resolv.conf', ['--network', 'none']);
    expect(stdout).toBe('lo\n');
    const shared = await script('ls /sys/class/net');
    expect(shared.stdout.trim().split('\n').sort()).toEqual((await readdir('/sys/class/net')).sort());
  });

  test('what is written is thrown away, and the image stays as it is', async () => {
    const write = 'rm -r /srv; echo x >/new && cat /new && rm /etc/passwd';
    expect(await script(write, ['-u', '0', '-w', '/'])).toMatchObject({ status: 0, stdout: 'x\n' });
    expect(await script('[ -e /new ] || [ ! -e /srv ] || [ ! -e /etc/passwd ] || echo same')).toMatchObject({
      stdout: 'same\n',
    });
  });

  test('--read-only: nothing but declared volumes, /dev/shm and mounted ones can be written to', async () => {
    await mkdir(join(person.home, 'kept'), { recursive: true });
    await chmod(join(person.home, 'kept'), 0o777);
    const text =
      'touch /srv/x 2>&1; touch /data/x && echo data; touch /kept/x && echo kept; touch /dev/shm/x && echo shm';
    const { stdout } = await script(text, ['--read-only', '--volume', './kept:/kept']);
    expect(stdout).toBe('touch: /srv/x: Read-only file system\ndata\nkept\nshm\n');
    expect(await readdir(join(person.home, 'kept'))).toEqual(['x']);
  });

  test('volumes: files and directories, read-only where wanted, nested', async () => {
    const at = (path: string) => join(person.home, path);
    await mkdir(at('out/in'), { recursive: true });
    await writeFile(at('file'), 'from outside\n');
    await chmod(at('file'), 0o644);
    execFileSync('chown', ['-R', String(person.uid), at('out'), at('file')]);
    const options = ['-v', `${at('out/in')}:/v/deep:ro`, '-v', `${at('out')}:/v`, '-v', `${at('file')}:/etc/motd:ro`];
    const { stdout, stderr } = await script(
      'cat /etc/motd; echo y >/v/made && cat /v/made; touch /v/deep/x || echo refused',
      [...options, '-u', '0'],
    );
    expect(stdout).toBe('from outside\ny\nrefused\n');
    expect(stderr).toContain('Read-only file system');
    expect(await readFile(at('out/made'), 'utf8')).toBe('y\n');
    const made = execFileSync('stat', ['-c', '%u', at('out/made')], { encoding: 'utf8' });
    expect(Number(made)).toBe(person.uid);
  });

  test('stdin is empty, or this one with -i', async () => {
    expect(await script('cat; echo end', [], 'given\n')).toMatchObject({ stdout: 'end\n' });
    expect(await script('cat; echo end', ['-i'], 'given\n')).toMatchObject({ stdout: 'given\nend\n' });
  });

  test('much output and input, whole', async () => {
    const input = 'x'.repeat(1 << 20);
    const { stdout } = await script('cat', ['-i'], input);
    expect(stdout.length).toBe(input.length);
    expect(await script('head -c 3000000 /dev/zero | tr "\\0" y')).toMatchObject({ stdout: 'y'.repeat(3_000_000) });
  });

  test('output to stderr is stderr', async () => {
    expect(await script('echo out; echo err >&2')).toMatchObject({ stdout: 'out\n', stderr: 'err\n' });
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT'] as const)(
    '%s is passed on, and the program decides',
    async (signal) => {
      const text = `trap "echo got; exit 42" ${signal.slice(3)}; echo up; while :; do sleep 0.1; done`;
      const { child, ended, said } = person.start(['run', 'box', text]);
      await said('up\n');
      child.kill(signal);
      expect(await ended).toMatchObject({ status: 42, stdout: 'up\ngot\n' });
    },
  );

  test('a program that ignores being asked is ended at the third time', async () => {
    const { child, ended, said } = person.start([
      'run',
      'box',
      'trap "" TERM INT; echo up; while :; do sleep 0.1; done',
    ]);
    await said('up\n');
    for (let i = 0; i < 3; i++) {
      child.kill('SIGTERM');
      await sleep(100);
    }
    const { status, signal } = await ended;
    expect({ status, signal }).toEqual({ status: 125, signal: null });
    await nothingLeft(person);
  });

  test('when pare is killed, its container goes too', async () => {
    const mark = `${100_000 + Math.floor(Math.random() * 100_000)}`;
    const { child, ended, said } = person.start(['run', 'box', `trap "" TERM; echo up; sleep ${mark}`]);
    await said('up\n');
    expect(processesWith(mark)).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await ended;
    for (let i = 0; i < 50 && (processesWith(mark) > 0 || (await runs(person)).length > 0); i++) await sleep(100);
    expect(processesWith(mark)).toBe(0);
    await nothingLeft(person);
  });

  test('unpacked roots are kept for the next run, and cleared on demand', async () => {
    const roots = async (...args: readonly string[]) => {
      const { stdout } = await person.pare(['cache', '--json', '--filter', 'type=root', ...args]);
      return JSON.parse(stdout) as { kept: readonly object[]; removed?: readonly object[] };
    };
    const { kept } = await roots();
    expect(kept).not.toEqual([]);
    expect((await roots('--clear')).removed).toEqual(kept);
    expect((await roots()).kept).toEqual([]);
    expect(await script('echo again')).toMatchObject({ stdout: 'again\n' });
    expect((await roots()).kept).toHaveLength(1);
  });

  test('several at once', async () => {
    const all = await Promise.all([1, 2, 3, 4].map((i) => script(`sleep 0.3; echo ${i}; exit ${i}`)));
    expect(all.map(({ status, stdout }) => [status, stdout])).toEqual([1, 2, 3, 4].map((i) => [i, `${i}\n`]));
  });

  test('--debug lends a shell and tools to an image that has none', async () => {
    const packed = await person.pare(['pack', '/usr/bin/env', '-t', 'bare']);
    expect(packed.status).toBe(0);
    expect(await person.pare(['run', '--entrypoint', 'sh', 'bare'])).toMatchObject({ status: 127 });
    const lent = await person.pare(['run', '--debug', 'bare', 'sh', '-c', 'ls /usr/bin; id -u; which vi']);
    expect(lent).toMatchObject({ status: 0, stdout: 'env\n0\n/.pare/debug/vi\n' });
    const typed = await person.pare(['run', '--debug', 'bare'], { input: 'echo typed $((6*7))\nexit 5\n' });
    expect(typed).toMatchObject({ status: 5, stdout: 'typed 42\n' });
    const fromImage = await person.pare(['run', '--debug=box', 'bare', 'busybox', 'echo', 'from box']);
    expect(fromImage.stderr).toMatch(/box has no static shell to lend|^$/);
    const { stdout } = await person.pare(['ls', '-R', 'bare', '/']);
    expect(stdout).not.toContain('.pare');
  });

  test('--debug=REF takes the static programs of another root filesystem', async () => {
    const tools = join(person.home, 'tools');
    await mkdir(join(tools, 'bin'), { recursive: true });
    execFileSync('cp', [BUSYBOX, join(tools, 'bin/busybox')]);
    execFileSync('ln', ['-sf', '/bin/busybox', join(tools, 'bin/sh')]);
    const lent = await person.pare(['run', `--debug=rootfs:${tools}`, 'box', 'sh', '-c', 'which sh']);
    expect(lent).toMatchObject({ status: 0, stdout: '/.pare/debug/sh\n' });
  });

  test('with a terminal', async () => {
    const { child, ended, said } = person.onTerminal(['run', '-it', 'box', 'tty; read answer; echo "<$answer>"']);
    await said('/dev/pts/');
    child.stdin?.write('typed\n');
    const { stdout } = await ended;
    expect(stdout).toContain('/dev/pts/0');
    expect(stdout).toContain('<typed>');
  });

  test('a root filesystem in a directory or a tar', async () => {
    const tar = join(person.home, 'root.tar');
    expect(await person.pare(['pack', BUSYBOX, '--tarball', tar])).toMatchObject({ status: 0 });
    const fromTar = await person.pare(['run', `tar:${tar}`, '/bin/busybox', 'echo', 'tar']);
    expect(fromTar).toMatchObject({ status: 0, stdout: 'tar\n' });
    const directory = join(person.home, 'directory');
    expect(await person.pare(['copy', 'box', `rootfs:${directory}`])).toMatchObject({ status: 0 });
    const fromDirectory = await person.pare(['run', `rootfs:${directory}`, '/bin/busybox', 'echo', 'directory']);
    expect(fromDirectory).toMatchObject({ status: 0, stdout: 'directory\n' });
  });
});

describe.runIf(ready)('an ordinary user without sub-ids', () => {
  test('is told how to get them', async () => {
    await using person = await ordinaryUser({ subIds: false });
    expect(await person.pare(['pack', BUSYBOX, '-t', 'box'])).toMatchObject({ status: 0 });
    const ended = await person.pare(['run', 'box', 'true']);
    expect(ended).toMatchObject({ status: 125, stdout: '' });
    expect(ended.stderr).toContain('usermod --add-subuids');
  });
});

/** Directories of runs that are going on. */
async function runs({ home }: Person): Promise<readonly string[]> {
  return readdir(join(home, 'store/cache/runs'));
}

/** Neither a directory of a run, nor a mount, nor a container. */
async function nothingLeft(person: Person): Promise<void> {
  expect(await runs(person)).toEqual([]);
  expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(person.home);
}

/** Processes with the word among their arguments. */
function processesWith(word: string): number {
  const { stdout } = spawnSync('pgrep', ['-fc', `sleep ${word}`], { encoding: 'utf8' });
  return Number(stdout);
}
