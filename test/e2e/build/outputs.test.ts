/**
 * Where a build goes, what it is told, and what it keeps to itself: outputs of every kind beside a real daemon and registries, options
 * of steps, secrets and agents with a canary.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ended, pare, startPare } from '../../cli/pare.ts';
import { startDocker } from '../daemon.ts';
import { machineHas } from '../needs.ts';
import { command, service } from '../programs/command.ts';
import { startDockerRegistry } from '../registry/docker-registry.ts';

const ready = machineHas({ root: true, programs: ['runc', 'ssh', 'ssh-agent', 'sshd', 'setpriv'] });

let directory: string;
let env: Readonly<Record<string, string>>;
let contexts = 0;

beforeAll(async () => {
  directory = mkdtempSync('/tmp/pare-outputs-');
  chmodSync(directory, 0o755);
  env = { PARE_HOME: join(directory, 'store'), HOME: directory };
  const programs = ['sh', 'cat', 'df', 'echo', 'id', 'ls', 'sleep', 'ssh', 'ssh-add', 'stat', 'touch'];
  if (ready) await done('pack', ...programs, '--entrypoint', '[]', '-o', 'oci:base:latest');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const at = (name: string): string => join(directory, name);
const run = (...words: readonly string[]): Promise<Ended> => pare(words, { env, cwd: directory });

async function done(...words: readonly string[]): Promise<Ended> {
  const ended = await run(...words);
  expect(ended).toMatchObject({ status: 0 });
  return ended;
}

/** A context of this Dockerfile alone. */
function contextOf(dockerfile: string): string {
  const context = at(`context-${++contexts}`);
  mkdirSync(context);
  writeFileSync(join(context, 'Dockerfile'), dockerfile);
  return context;
}

const BASE = ['--build-context', 'base=oci:base:latest'];
const json = <T>(file: string): T => JSON.parse(readFileSync(at(file), 'utf8')) as T;

describe.runIf(ready)('outputs', () => {
  test('several at once, and what is said of them', async () => {
    const context = contextOf(
      'FROM scratch AS files\nCOPY <<a /a\none\na\nFROM files\nCOPY <<b /b\ntwo\nb\nCMD ["x"]\n',
    );
    const places = [
      'oci:layout:one',
      'type=docker,dest=archive.tar',
      'type=oci,dest=oci.tar',
      'type=tar,dest=root.tar',
    ];
    const words = [...places, 'files', 'type=image,name=named'].flatMap((place) => ['-o', place]);
    const built = await done(
      ...['build', '--progress', 'quiet', '-t', 'app:1', '-t', 'localhost:1/other', ...words, '--label', 'of=me'],
      ...['--annotation', 'note=yes', '--iidfile', 'iid', '--metadata-file', 'metadata.json', context],
    );
    const about = json<Record<string, unknown>>('metadata.json');
    const digest = String(about['containerimage.digest']);
    expect(about).toMatchObject({
      'containerimage.config.digest': readFileSync(at('iid'), 'utf8'),
      'containerimage.descriptor': { digest, mediaType: 'application/vnd.oci.image.manifest.v1+json' },
      'image.name': expect.stringContaining('docker.io/library/app:1'),
    });
    expect(String(about['image.name']).split(',')).toEqual(
      expect.arrayContaining(['docker.io/library/named:latest', 'localhost:1/other:latest']),
    );
    expect(built.stdout).toContain(digest);
    for (const place of ['oci:layout:one', 'docker-archive:archive.tar', 'oci-archive:oci.tar', 'named', 'app:1']) {
      expect((await done('cat', place, '/b')).stdout).toBe('two\n');
    }
    expect(readFileSync(at('files/a'), 'utf8')).toBe('one\n');
    expect(execFileSync('tar', ['-tf', at('root.tar')], { encoding: 'utf8' })).toContain('b\n');
    const { stdout } = await done('inspect', '--json', 'app:1');
    expect(stdout).toMatch(/"of": "me"[\s\S]*/);
    expect(stdout).toContain('note');
  });

  test('--squash, --target, cacheonly, compression, and a directory that has files', async () => {
    const context = contextOf(
      'FROM scratch AS one\nCOPY <<a /a\none\na\nCOPY <<a /b\none\na\nFROM one\nCOPY <<a /c\nx\na\n',
    );
    await done('build', '--squash', '-o', 'oci:squashed:latest', context);
    const { stdout } = await done('inspect', '--json', 'oci:squashed:latest');
    expect((JSON.parse(stdout) as { layers: unknown[] }).layers).toHaveLength(1);
    mkdirSync(at('over/b'), { recursive: true });
    writeFileSync(at('over/mine'), 'mine');
    const refused = await run('build', '--target', 'one', '-o', 'over', context);
    expect(refused).toMatchObject({ status: 3, stderr: expect.stringContaining('is to be a file') });
    rmSync(at('over/b'), { recursive: true });
    for (let i = 0; i < 2; i++) await done('build', '--target', 'one', '-o', 'over', context);
    expect(execFileSync('ls', ['-A', at('over')], { encoding: 'utf8' })).toBe('a\nb\nmine\n');
    const before = (await done('images', '--json')).stdout;
    await done('build', '-o', 'type=cacheonly', context);
    expect((await done('images', '--json')).stdout).toBe(before);
    await done('build', '-o', 'type=oci,tar=false,dest=zstd,compression=zstd,compression-level=3', context);
    const manifest = execFileSync('grep', ['-rl', 'tar+zstd', at('zstd/blobs')], { encoding: 'utf8' });
    expect(manifest).not.toBe('');
  });

  test('one platform as an index, and an annotated one', async () => {
    const context = contextOf('FROM scratch\nCOPY <<a /a\none\na\n');
    const arg = ['--build-arg', 'BUILDKIT_MULTI_PLATFORM=1'];
    await done('build', ...arg, '--annotation', 'index:a=b', '-o', 'oci:index:latest', '-o', 'split', context);
    const { stdout } = await done('index', 'inspect', '--json', 'oci:index:latest');
    expect(JSON.parse(stdout)).toMatchObject({ manifests: [{ platform: expect.stringContaining('linux/') }] });
    expect(stdout).toMatch(/"a": "b"/);
    expect(execFileSync('ls', [at('split')], { encoding: 'utf8' })).toMatch(/^linux_/);
    expect(await run('build', '--annotation', 'index:a=b', '-t', 'x', context)).toMatchObject({ status: 2 });
  });

  test.runIf(machineHas({ programs: ['docker-registry', 'htpasswd'] }))(
    '--push, to registries that ask and do not ask',
    async () => {
      await using open = await startDockerRegistry();
      await using closed = await startDockerRegistry({ users: { me: 'secret-word' } });
      const context = contextOf('FROM scratch\nCOPY <<a /a\npushed\na\n');
      const tags = ['-t', `${open.host}/app`, '-t', `${closed.host}/app:2`];
      expect(await run('build', '--push', ...tags, context)).toMatchObject({ status: 3 });
      const login = startPare(['login', closed.host, '-u', 'me', '--password-stdin'], { env });
      login.child.stdin?.end('secret-word\n');
      expect(await login.ended).toMatchObject({ status: 0 });
      await done('build', '--push', ...tags, '--platform', 'linux/amd64,linux/arm64', context);
      for (const name of [`${open.host}/app`, `${closed.host}/app:2`]) {
        expect((await done('cat', `docker://${name}`, '/a')).stdout).toBe('pushed\n');
      }
      expect(await run('build', '--push', context)).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('-t NAME'),
      });
    },
  );

  test.runIf(machineHas({ programs: ['docker', 'dockerd'] }))('--load: the daemon runs it', async () => {
    await using daemon = await startDocker();
    const context = contextOf('FROM base\nRUN echo loaded >/said\nCMD ["cat", "/said"]\n');
    const words = ['build', ...BASE, '--load', '-t', 'app', context];
    const loaded = await pare(words, { env: { ...env, ...daemon.env }, cwd: directory });
    expect(loaded).toMatchObject({ status: 0 });
    const ran = await command(['docker', 'run', '--rm', '--network=none', 'app'], { env: daemon.env });
    expect(ran).toMatchObject({ status: 0, stdout: 'loaded\n' });
  });
});

describe.runIf(ready)('steps', () => {
  test('hosts, shared memory, limits, host name, arguments from the environment', async () => {
    const context = contextOf(
      `FROM base
ARG GIVEN
ARG FROM_ENV
RUN cat /etc/hosts /etc/hostname >/said && df -k /dev/shm >>/said && ulimit -n >>/said && echo "$GIVEN $FROM_ENV" >>/said
RUN --mount=type=cache,target=/cache touch /cache/x
`,
    );
    const words = ['--add-host', 'db:10.1.2.3,six=::7', '--add-host', 'up:host-gateway', '--shm-size', '2m'];
    const args = [
      '--build-arg',
      'GIVEN=one',
      '--build-arg',
      'FROM_ENV',
      '--build-arg',
      'BUILDKIT_SANDBOX_HOSTNAME=box',
    ];
    const more = ['--ulimit', 'nofile=77:99', '--network', 'none', '--build-arg', 'BUILDKIT_CACHE_MOUNT_NS=mine'];
    const built = await pare(['build', ...BASE, ...words, ...args, ...more, '-o', at('said'), context], {
      env: { ...env, FROM_ENV: 'two' },
      cwd: directory,
    });
    expect(built).toMatchObject({ status: 0 });
    const said = readFileSync(at('said/said'), 'utf8');
    for (const line of [
      /10\.1\.2\.3\s+db/,
      /::7\s+six/,
      /127\.0\.0\.1\s+up/,
      /^box$/m,
      /\b2048\b/,
      /^77$/m,
      /^one two$/m,
    ]) {
      expect(said).toMatch(line);
    }
  });

  test('--no-cache-filter carries out one stage, --no-cache all; progress in its forms', async () => {
    const context = contextOf('FROM base AS a\nRUN touch /a\nFROM base AS b\nCOPY --from=a /a /\nRUN touch /b\n');
    const lines = async (...words: readonly string[]) =>
      (await done('build', ...BASE, '--progress', 'plain', '-o', 'type=cacheonly', ...words, context)).stderr;
    await lines();
    const count = (text: string) => text.match(/CACHED/g)?.length ?? 0;
    const all = count(await lines());
    expect(all).toBeGreaterThanOrEqual(3);
    expect(count(await lines('--no-cache-filter', 'a'))).toBeLessThan(all);
    expect(count(await lines('--no-cache'))).toBe(0);
    const raw = await done('build', ...BASE, '--progress', 'rawjson', '-o', 'type=cacheonly', context);
    const documents = raw.stderr.split('\n').filter((line) => line.startsWith('{'));
    expect(documents.length).toBeGreaterThan(0);
    for (const line of documents) JSON.parse(line);
    const quiet = await done('build', ...BASE, '-q', '-t', 'quiet', context);
    expect(quiet.stderr).toBe('');
    expect(quiet.stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
  });
});

describe.runIf(ready)('secrets and agents', () => {
  test('a secret is seen by the step, and by nobody else, while it runs and afterwards', async () => {
    const [file, variable] = ['canary-31c5d7', 'canary-8fa0b2'];
    writeFileSync(at('secret'), file, { mode: 0o600 });
    const context = contextOf(
      `FROM base
RUN --mount=type=secret,id=f --mount=type=secret,id=v,env=TOKEN \\
    ls -l /run/secrets/f >/seen && [ "\${#TOKEN}" = 13 ] && sleep 3 && stat -c %s /run/secrets/f >>/seen
`,
    );
    const words = ['--secret', `id=f,src=${at('secret')}`, '--secret', 'id=v,env=CANARY', '-t', 'kept', context];
    const building = startPare(['build', ...BASE, '--progress', 'plain', ...words], {
      env: { ...env, CANARY: variable },
      cwd: directory,
    });
    building.child.stdin?.end();
    await begun();
    // As anybody else on this machine: files, command lines, environments.
    const text = `${file}|${variable}`.replaceAll('canary', 'c[a]nary');
    const inFiles = `grep -rlsE '${text}' ${directory}/store /tmp/pare-* /run 2>/dev/null`;
    const inProcesses = `cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | grep -acE '${text}'`;
    const look = (...words: readonly string[]) =>
      spawnSync('setpriv', [...words, 'sh', '-c', `${inFiles}; ${inProcesses}`], { encoding: 'utf8' }).stdout.trim();
    expect(look('--reuid=65534', '--regid=65534', '--clear-groups')).toBe('0');
    // Root sees it in the environment where the user has put it: so the look is a look.
    expect(look('--clear-groups')).not.toBe('0');
    const ended = await building.ended;
    expect(ended).toMatchObject({ status: 0 });
    expect(ended.stderr).not.toMatch(/canary/);
    expect(spawnSync('grep', ['-rlE', `${file}|${variable}`, at('store')], { encoding: 'utf8' }).stdout).toBe('');
    // Another value of a secret is no other step.
    const again = await pare(['build', ...BASE, '--progress', 'plain', ...words], {
      env: { ...env, CANARY: 'other' },
      cwd: directory,
    });
    expect(again.stderr).toMatch(/CACHED/);
  });

  /** That the step runs: its program is the only one that sleeps so. */
  async function begun(): Promise<void> {
    for (let i = 0; i < 300; i++) {
      if (spawnSync('pgrep', ['-fx', 'sleep 3']).status === 0) return;
      await sleep(100);
    }
    throw new Error('the step does not begin');
  }

  test('what is not given is said; what need not be there is not missed; a pipe is a secret as well', async () => {
    const needed = contextOf('FROM base\nRUN --mount=type=secret,id=a,required=true cat /run/secrets/a\n');
    const missing = await run('build', ...BASE, '-t', 'x', needed);
    expect(missing).toMatchObject({ status: 3, stderr: expect.stringMatching(/Dockerfile:2: .*--secret id=a/s) });
    const gone = await run('build', ...BASE, '--secret', 'id=a,src=/none', '-t', 'x', needed);
    expect(gone).toMatchObject({ status: 3, stderr: expect.stringContaining('/none') });
    const optional = contextOf('FROM base\nRUN --mount=type=secret,id=a ls /run/secrets/a || touch /without\n');
    await done('build', ...BASE, '-o', 'without', optional);
    expect(existsSync(at('without/without'))).toBe(true);
    const twice = contextOf(
      'FROM base\nRUN --mount=type=secret,id=a cat /run/secrets/a >/one\nRUN --mount=type=secret,id=a cat /run/secrets/a >/two\n',
    );
    const words = ['build', ...BASE, '-o', at('twice'), twice].map((word) => `'${word}'`).join(' ');
    const script = `"$0" "$1" ${words} --secret id=a,src=<(printf piped)`;
    const launcher = new URL('../../../bin/pare.js', import.meta.url).pathname;
    const piped = await command(['bash', '-c', script, process.execPath, launcher], { env, cwd: directory });
    expect(piped).toMatchObject({ status: 0 });
    expect(readFileSync(at('twice/two'), 'utf8')).toBe('piped');
  });

  test('an agent, and a key file, lead over ssh; a step changes nothing in an agent', async () => {
    const key = at('key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at('host-key')]);
    const port = await freePort();
    mkdirSync('/run/sshd', { recursive: true });
    writeFileSync(
      at('sshd.conf'),
      `ListenAddress 127.0.0.1:${port}\nHostKey ${at('host-key')}\nAuthorizedKeysFile ${key}.pub\nPidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin prohibit-password\nForceCommand echo reached\n`,
    );
    const sshd = service(['/usr/sbin/sshd', '-D', '-e', '-f', at('sshd.conf')]);
    const agent = service(['ssh-agent', '-D', '-a', at('agent.sock')]);
    const agentEnv = { SSH_AUTH_SOCK: at('agent.sock') };
    try {
      for (let i = 0; i < 100 && !existsSync(at('agent.sock')); i++) await sleep(50);
      expect(await command(['ssh-add', '-q', key], { env: agentEnv })).toMatchObject({ status: 0 });
      const ssh = `ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -p ${port} root@127.0.0.1`;
      const dockerfile = (n: number) =>
        `FROM base\nRUN --mount=type=ssh ${ssh} >/said && ssh-add -l >>/said; ssh-add -D || echo "refused ${n}" >>/said\n`;
      const sources = [`default=${at('agent.sock')}`, `default=${key}`];
      for (const [i, source] of sources.entries()) {
        const built = await run('build', ...BASE, '--ssh', source, '-o', `ssh-${i}`, contextOf(dockerfile(i)));
        expect(built).toMatchObject({ status: 0 });
        expect(readFileSync(at(`ssh-${i}/said`), 'utf8')).toMatch(new RegExp(`^reached\n.*ED25519.*\nrefused ${i}\n$`));
      }
      expect((await command(['ssh-add', '-l'], { env: agentEnv })).stdout).toContain('ED25519');
      expect(spawnSync('pgrep', ['-f', 'ssh-agent -a /tmp/pare-ssh-']).status).toBe(1);
      const none = await run(
        'build',
        ...BASE,
        '-t',
        'x',
        contextOf('FROM base\nRUN --mount=type=ssh,required=true true\n'),
      );
      expect(none).toMatchObject({ status: 3, stderr: expect.stringContaining('--ssh default') });
    } finally {
      await Promise.all([sshd.stop(), agent.stop()]);
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.on('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
