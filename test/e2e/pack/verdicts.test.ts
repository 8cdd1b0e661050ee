/** What `check` foretells, and what then happens. */
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineHas } from '../needs.ts';
import { command, output } from '../programs/command.ts';
import { NAME, PAGE, type Servers, startServers } from '../programs/servers.ts';
import { debianTree } from '../trees.ts';
import { HELLO, type Workplace, workplace } from './workplace.ts';

const ready = machineHas({
  root: true,
  programs: ['gcc', 'musl-gcc', 'runc', 'wrk', 'hey', 'curl', 'unshare', 'python3', 'openssl', 'git', 'sshd'],
});

/** Asks for host and service as wrk does for a URL: the service is the port, or else the name "http". */
const FETCH = `
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int argc, char **argv) {
  struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *found;
  int error = getaddrinfo(argv[1], argv[2], &hints, &found);
  if (error) return fprintf(stderr, "%s\\n", gai_strerror(error)), 1;
  int fd = socket(found->ai_family, SOCK_STREAM, 0);
  if (connect(fd, found->ai_addr, found->ai_addrlen)) return perror("connect"), 1;
  char page[4096], *question = "GET / HTTP/1.0\\r\\n\\r\\n";
  write(fd, question, strlen(question));
  for (int n; (n = read(fd, page, sizeof page)) > 0;) fwrite(page, 1, n, stdout);
  return 0;
}`;

interface Finding {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
}

describe.runIf(ready)('the verdict and the run agree', () => {
  let place: Workplace;
  let servers: Servers;
  let web: Server;
  beforeAll(async () => {
    place = await workplace();
    servers = await startServers();
    web = createServer((_, response) => response.end(PAGE));
    await new Promise<void>((resolve) => web.listen(80, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    web?.close();
    await servers?.[Symbol.asyncDispose]();
    await place?.[Symbol.asyncDispose]();
  });

  const pack = (...args: string[]) => place.pare('pack', '--force', ...args);
  const run = (image: string, ...args: string[]) =>
    place.pare('run', '--volume', `${servers.resolvConf}:/etc/resolv.conf:ro`, image, '--', ...args);
  async function check(image: string): Promise<{ status: number; findings: Finding[]; codes: string[] }> {
    const { status, stdout } = await place.pare('check', image, '--json', '--ignore', 'runs-as-root');
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    return { status, findings, codes: [...new Set(findings.map(({ severity, code }) => `${severity} ${code}`))] };
  }

  /** Host and service as getaddrinfo(3) gets them. */
  const QUESTIONS = [
    ['by name', NAME, 'http'],
    ['by name and port', NAME, '80'],
    ['by address', '127.0.0.1', 'http'],
  ] as const;

  describe.each([
    ['static', ['-static']],
    ['dynamic', []],
  ] as const)('on a %s program that resolves names', (kind, flags) => {
    beforeAll(async () => {
      const fetch = await place.compile(`fetch/${kind}`, FETCH, [...flags, '-w']);
      await pack(fetch, '-t', `${kind}-whole`);
      await pack(fetch, '-t', `${kind}-bare`, '--without', 'nss');
    });

    test('with what name service needs: no finding, and it works', async () => {
      expect((await check(`${kind}-whole`)).codes).toEqual([]);
      for (const [, host, service] of QUESTIONS) {
        expect(await run(`${kind}-whole`, host, service)).toMatchObject({
          status: 0,
          stdout: expect.stringContaining(PAGE),
        });
      }
    });

    test('without: a warning, and services by name fail', async () => {
      const { codes, status } = await check(`${kind}-bare`);
      expect(codes).toContain('warning services-missing');
      expect(status).toBe(0);
      for (const [, host, service] of QUESTIONS) {
        const { status: ended } = await run(`${kind}-bare`, host, service);
        expect({ host, service, works: ended === 0 }).toEqual({ host, service, works: service === '80' });
      }
    });
  });

  test('on wrk, by name, by name and port, by address', async () => {
    await pack('wrk', '-t', 'wrk-whole');
    await pack('wrk', '-t', 'wrk-bare', '--without', 'nss');
    expect((await check('wrk-whole')).codes).toEqual([]);
    expect((await check('wrk-bare')).codes).toContain('warning services-missing');
    const load = (image: string, url: string) => run(image, '-c1', '-t1', '-d1s', url);
    for (const url of [`http://${NAME}/`, `http://${NAME}:80/`, 'http://127.0.0.1/']) {
      expect({ url, ...(await load('wrk-whole', url)) }).toMatchObject({ status: 0, stdout: /requests in/ });
    }
    expect((await load('wrk-bare', `http://${NAME}/`)).status).not.toBe(0);
    expect((await load('wrk-bare', `http://${NAME}:80/`)).status).toBe(0);
    expect((await load('wrk-bare', 'http://127.0.0.1/')).status).not.toBe(0);
  });

  test('on https without certificates: curl verifies its peer, and hey does not', async () => {
    const url = `https://${NAME}:${servers.httpsPort}/`;
    for (const program of ['curl', 'hey']) {
      await pack(program, '-t', `${program}-bare`, '--without', 'certificates', '--without', 'go');
      const { codes, status } = await check(`${program}-bare`);
      expect({ program, status, codes }).toEqual({ program, status: 0, codes: ['warning ca-certificates-missing'] });
    }
    expect(await run('curl-bare', '-sS', url)).toMatchObject({ status: 77, stderr: /certificate/ });
    expect((await run('hey-bare', '-n', '1', '-c', '1', url)).stdout).toMatch(/\[200\]\s+1 responses/);
    const authority = '/etc/ssl/certs/private.pem';
    await pack('curl', '-t', 'curl-whole', '--add', `${servers.authority}:${authority}`);
    expect((await check('curl-whole')).codes).toEqual([]);
    expect(await run('curl-whole', '-sS', '--cacert', authority, url)).toMatchObject({ status: 0, stdout: PAGE });
  });

  test('on a glibc program over musl', async () => {
    const musl = await place.compile('musl/hello', HELLO, [], 'musl-gcc');
    const hello = await place.compile('glibc/hello', HELLO);
    await pack(musl, '-t', 'musl');
    expect(await run('musl')).toMatchObject({ status: 0, stdout: /^hello/ });
    await pack(hello, '--base', 'musl', '--without', 'loader', '-t', 'mixed');
    const { codes, status, findings } = await check('mixed');
    expect(codes).toContain('error libc-mismatch');
    expect(status).toBe(1);
    expect(findings.find(({ code }) => code === 'libc-mismatch')?.message).toMatch(/"no such file or directory"/);
    const ran = await run('mixed');
    expect(ran.status).toBe(127);
    expect(ran.stderr).toMatch(/ld-linux-x86-64\.so\.2, which has to load it, is not/);
  });

  test('on a program of another architecture', async () => {
    const tree = debianTree({ suite: 'bookworm', arch: 'arm64' });
    if (tree === undefined) return;
    await pack('/bin/true', '--from', `rootfs:${tree}`, '--platform', 'linux/amd64', '-t', 'foreign');
    expect(await check('foreign')).toMatchObject({
      status: 1,
      codes: expect.arrayContaining(['error wrong-architecture']),
    });
    // A machine may run foreign programs by qemu: a user namespace with a binfmt_misc of its own does not.
    const root = join(place.dir, 'foreign');
    await output(['sh', '-c', `mkdir ${root}`]);
    await place.pare('copy', 'foreign', `rootfs:${root}/tree`);
    const mount = 'mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc';
    const exec = `import os, sys; os.chroot(sys.argv[1]); os.execv("/bin/true", ["true"])`;
    const own = `${mount} && exec python3 -c '${exec}' "$0"`;
    const ran = await command(['unshare', '-Urm', 'sh', '-c', own, `${root}/tree`]);
    expect(ran).toMatchObject({ status: 1, stderr: expect.stringMatching(/exec format error/i) });
  });

  test('on a command in shell form without a shell', async () => {
    const hello = await place.compile('shell-form/hello', HELLO, ['-static']);
    const form = ['--entrypoint', `["/bin/sh", "-c", "${hello} you"]`];
    await pack(hello, '-t', 'shell-form', ...form, '--exclude', '/usr/bin/{sh,dash}');
    expect(await check('shell-form')).toMatchObject({ status: 1, codes: ['error shell-form-without-shell'] });
    expect((await place.pare('run', 'shell-form')).status).toBe(127);
    await pack(hello, '-t', 'with-shell', ...form);
    expect((await check('with-shell')).codes).toEqual([]);
    expect(await place.pare('run', 'with-shell')).toMatchObject({ status: 1, stdout: /^hello you/ });
  });
});
