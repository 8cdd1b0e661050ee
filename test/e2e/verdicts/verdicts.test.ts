import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineHas } from '../needs.ts';
import { command, type Outcome, output } from '../programs/command.ts';
import { PARE } from '../programs/packed.ts';
import { NAME, PAGE, type Servers, startServers } from '../programs/servers.ts';
import { debianTree } from '../trees.ts';
import { staticWrk } from './static-wrk.ts';

const TOOLS = ['runc', 'umoci', 'gcc', 'musl-gcc', 'luajit', 'patch', 'wrk', 'hey', 'curl', 'openssl', 'sshd'];
const ready = machineHas({ root: true, programs: TOOLS });

interface Finding {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'info';
}

describe.skipIf(!ready)('what check says and what happens', () => {
  let dir: string;
  let servers: Servers;
  let web: Server;
  let wrk: string;
  let script: string;
  const env = () => ({ PARE_HOME: join(dir, 'store') });

  beforeAll(async () => {
    dir = await mkdtemp('/tmp/pare-verdicts-');
    servers = await startServers();
    // The port that the service name "http" stands for: the client is not told another.
    web = createServer((_, response) => response.end(PAGE));
    await new Promise<void>((resolve, reject) => web.once('error', reject).listen(80, '127.0.0.1', resolve));
    ({ program: wrk, script } = await staticWrk(dir));
  });

  afterAll(async () => {
    web?.closeAllConnections();
    web?.close();
    await servers?.[Symbol.asyncDispose]();
    if (dir !== undefined) await rm(dir, { recursive: true, force: true });
  });

  const pack = (image: string, args: readonly string[]) =>
    output([...PARE, 'pack', ...args, '-t', image], { env: env() });

  async function findings(image: string): Promise<readonly Finding[]> {
    const checked = await command([...PARE, 'check', image, '--json'], { env: env() });
    expect([0, 1], checked.stderr).toContain(checked.status);
    const found: readonly Finding[] = JSON.parse(checked.stdout).findings;
    expect(checked.status).toBe(found.some(({ severity }) => severity === 'error') ? 1 : 0);
    return found;
  }

  const codes = (found: readonly Finding[], severity: Finding['severity']) =>
    found.filter((one) => one.severity === severity).map(({ code }) => code);

  function run(image: string, args: readonly string[]): Promise<Outcome> {
    const resolver = ['--network', 'host', '--volume', `${servers.resolvConf}:/etc/resolv.conf:ro`];
    return command([...PARE, 'run', ...resolver, image, '--', ...args], { env: env() });
  }

  describe.each([
    { kind: 'dynamic', program: () => ['wrk'] },
    // Linked statically it cannot look up its own bytecode by dlsym(3), and reads its Lua part from a file.
    { kind: 'static', program: () => [wrk, '--add', `${script}:/wrk.lua`, '--env', 'LUA_PATH=/?.lua'] },
  ])('$kind wrk', ({ kind, program }) => {
    const urls = [`http://${NAME}/`, `http://${NAME}:80/`, 'http://127.0.0.1/'];
    const load = (image: string, url: string) => run(image, ['-t1', '-c1', '-d1s', url]);

    test('check finds nothing to warn of, and every address works', async () => {
      const image = `wrk-${kind}`;
      await pack(image, program());
      expect(codes(await findings(image), 'warning')).toEqual([]);
      for (const url of urls) {
        const done = await load(image, url);
        expect(done.status, url + done.stderr + done.stdout).toBe(0);
        expect(Number(/(\d+) requests in/.exec(done.stdout)?.[1]), url).toBeGreaterThan(0);
      }
    });

    test('without its name service files check warns, and only an address with a port works', async () => {
      const image = `wrk-${kind}-without`;
      await pack(image, [...program(), '--without', 'nss']);
      const found = await findings(image);
      expect(codes(found, 'error')).toEqual([]);
      expect(codes(found, 'warning')).toContain('services-missing');
      const statuses = [];
      for (const url of urls) statuses.push((await load(image, url)).status === 0);
      expect(statuses).toEqual([false, true, false]);
    });
  });

  test('https without authorities is warned of: a client that verifies fails, one that does not goes on', async () => {
    await pack('curl-without', ['curl', '--exclude', '/etc/ssl/**', '--exclude', '/usr/lib/ssl/**']);
    expect(codes(await findings('curl-without'), 'warning')).toContain('ca-certificates-missing');
    const verifying = await run('curl-without', ['-sS', `https://${NAME}:${servers.httpsPort}/`]);
    expect([60, 77], verifying.stderr).toContain(verifying.status);

    await pack('hey-without', ['hey', '--exclude', '/etc/ssl/**', '--exclude', '/usr/lib/ssl/**']);
    const found = await findings('hey-without');
    expect(codes(found, 'error')).toEqual([]);
    expect(codes(found, 'warning')).toContain('ca-certificates-missing');
    // hey sets InsecureSkipVerify: it starts and works, and no error had been claimed.
    const careless = await run('hey-without', ['-n', '1', '-c', '1', `https://${NAME}:${servers.httpsPort}/`]);
    expect(careless.stdout).toMatch(/\[200\]\s+1 responses/);
  });

  test('a glibc program on a musl tree: libc-mismatch, and "no such file or directory"', async () => {
    const root = join(dir, 'musl-root');
    await mkdir(join(root, 'lib'), { recursive: true });
    await mkdir(join(root, 'bin'));
    await writeFile(join(dir, 'hello.c'), '#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n');
    await output(['musl-gcc', '-o', join(root, 'bin/hello-musl'), join(dir, 'hello.c')]);
    await output(['gcc', '-o', join(root, 'bin/hello-glibc'), join(dir, 'hello.c')]);
    await output(['sh', '-c', 'cp -L /lib/ld-musl-x86_64.so.1 "$0"', join(root, 'lib/ld-musl-x86_64.so.1')]);

    await layerImage('musl', root, ['--config.entrypoint', '/bin/hello-musl']);
    expect(codes(await findings(`oci:${join(dir, 'musl')}:test`), 'error')).toEqual([]);
    expect((await run(`oci:${join(dir, 'musl')}:test`, [])).stdout).toBe('hello\n');

    await layerImage('glibc-on-musl', root, ['--config.entrypoint', '/bin/hello-glibc']);
    const reference = `oci:${join(dir, 'glibc-on-musl')}:test`;
    expect(codes(await findings(reference), 'error')).toContain('libc-mismatch');
    const checked = await command([...PARE, 'check', reference], { env: env() });
    expect(checked.stdout).toMatch(/no such file or directory/i);
    expect((await run(reference, [])).status).toBe(127);
  });

  test('a shell-form command on scratch: shell-form-without-shell, and status 127', async () => {
    const root = join(dir, 'shell-form');
    await mkdir(root);
    await copyFile(wrk, join(root, 'wrk'));
    await layerImage('shell-form-image', root, [
      '--config.cmd',
      '/bin/sh',
      '--config.cmd',
      '-c',
      '--config.cmd',
      '/wrk -v',
    ]);
    const reference = `oci:${join(dir, 'shell-form-image')}:test`;
    expect(codes(await findings(reference), 'error')).toContain('shell-form-without-shell');
    expect((await run(reference, [])).status).toBe(127);
  });

  test('an arm64 program in an amd64 image: wrong-architecture, and it does not start', async () => {
    const tree = debianTree({ suite: 'bookworm', arch: 'arm64' });
    if (tree === undefined) return;
    const root = join(dir, 'foreign');
    await mkdir(root);
    await copyFile(join(tree, 'usr/bin/true'), join(root, 'true'));
    await chmod(join(root, 'true'), 0o755);
    await layerImage('foreign-image', root, ['--config.entrypoint', '/true']);
    const reference = `oci:${join(dir, 'foreign-image')}:test`;
    expect(codes(await findings(reference), 'error')).toContain('wrong-architecture');
    expect((await run(reference, [])).status).not.toBe(0);
  });

  /** An amd64 image of one layer, made by umoci, as `oci:DIR/NAME:test`. */
  async function layerImage(name: string, root: string, config: readonly string[]): Promise<void> {
    const layout = join(dir, name);
    const image = `${layout}:test`;
    await output(['umoci', 'init', '--layout', layout]);
    await output(['umoci', 'new', '--image', image]);
    await output(['umoci', 'insert', '--image', image, root, '/']);
    await output(['umoci', 'config', '--image', image, ...config]);
  }
});
