/** Merged images that run, and a merged Debian that its own tools find in order. @module */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineHas } from '../needs.ts';
import { command, eventually, output, service } from '../programs/command.ts';
import { PARE } from '../programs/packed.ts';
import { debianTree } from '../trees.ts';

let dir = '';
const environment = () => ({ PARE_HOME: `${dir}/store` });
const pare = (...args: string[]) => command([...PARE, ...args], { cwd: dir, env: environment(), timeout: 300_000 });

beforeAll(async () => {
  dir = await mkdtemp('/tmp/pare-merge-');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe.skipIf(!machineHas({ root: true, programs: ['runc', 'redis-server', 'curl'] }))(
  'redis and curl, packed each',
  () => {
    test('run in one image; merging is reproducible, and what is the same stays byte for byte', async () => {
      const digests: string[] = [];
      for (const program of ['redis-server', 'curl']) {
        digests.push((await pare('pack', program, '-t', program)).stdout.trim());
      }
      const merged = await pare('merge', 'redis-server', 'curl', '-t', 'both', '--json');
      expect(merged).toMatchObject({ status: 0 });
      const { written, conflicts } = JSON.parse(merged.stdout);
      expect(conflicts).toEqual([]);
      const again = await pare('merge', 'redis-server', 'curl', '-o', `oci:${dir}/again`);
      expect(again.stdout.trim()).toBe(written[0].digest);
      expect((await pare('merge', 'curl')).stdout.trim()).toBe(digests[1]);
      expect((await pare('merge', 'curl', 'curl', '-t', 'same')).stdout.trim()).toBe(digests[1]);
      expect((await pare('merge', 'both', 'curl', '-t', 'same')).stdout.trim()).toBe(written[0].digest);
      expect((await pare('check', 'both')).status).toBe(0);
      await fetches();
      await serves();
    }, 300_000);

    async function fetches(): Promise<void> {
      const server = createServer((_request, response) => response.end('a page')).listen(0, '127.0.0.1');
      try {
        await new Promise((done) => server.once('listening', done));
        const { port } = server.address() as AddressInfo;
        const fetched = await pare('run', '--entrypoint', '/usr/bin/curl', 'both', '-sS', `http://localhost:${port}/`);
        expect(fetched).toMatchObject({ status: 0, stdout: 'a page' });
      } finally {
        server.close();
      }
    }

    async function serves(): Promise<void> {
      const port = 20_000 + (process.pid % 20_000);
      const redis = service([...PARE, 'run', 'both', '--port', String(port), '--save', ''], {
        env: environment(),
        cwd: dir,
      });
      try {
        const answer = await eventually('redis', redis, () => asked(port, 'PING\r\n'));
        expect(answer).toBe('+PONG\r\n');
      } finally {
        await redis.stop();
      }
    }

    function asked(port: number, question: string): Promise<string> {
      return new Promise((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(question));
        socket.on('error', reject);
        socket.on('data', (bytes) => {
          resolve(bytes.toString());
          socket.destroy();
        });
      });
    }
  },
);

const ready = machineHas({ root: true, programs: ['dpkg-deb', 'gcc'] });
const debian = ready ? debianTree({ suite: 'trixie' }) : undefined;

describe.skipIf(debian === undefined)('two Debian systems with another package each', () => {
  /** A package with a library where only ld.so.cache leads, a program that is linked with it, and a user of its own. */
  async function system(name: string): Promise<void> {
    const root = `${dir}/${name}`;
    await output(['cp', '-a', debian ?? '', root], { timeout: 120_000 });
    const made = `${dir}/package-${name}`;
    for (const path of ['DEBIAN', `opt/${name}`, 'usr/bin', 'etc/ld.so.conf.d'])
      mkdirSync(`${made}/${path}`, { recursive: true });
    const lib = `${made}/opt/${name}/lib${name}.so`;
    const source = (text: string, ...flags: string[]) => output(['gcc', '-xc', '-', ...flags], { input: text });
    await source(`int ${name}(void) { return 7; }`, '-shared', '-o', lib, `-Wl,-soname,lib${name}.so`);
    await source(
      `int ${name}(void); int main(void) { return ${name}(); }`,
      '-o',
      `${made}/usr/bin/${name}`,
      `-L${made}/opt/${name}`,
      '-Wl,--push-state,--no-as-needed',
      `-l${name}`,
      '-Wl,--pop-state',
    );
    writeFileSync(`${made}/etc/ld.so.conf.d/${name}.conf`, `/opt/${name}\n`);
    const fields = [
      `Package: pare-${name}`,
      'Version: 1',
      'Architecture: amd64',
      'Maintainer: nobody <nobody@example.org>',
      'Description: a test',
    ];
    writeFileSync(`${made}/DEBIAN/control`, `${fields.join('\n')}\n`);
    writeFileSync(`${made}/DEBIAN/postinst`, '#!/bin/sh\nset -e\nldconfig\n', { mode: 0o755 });
    await output(['dpkg-deb', '--build', '--root-owner-group', made, `${root}/tmp/p.deb`]);
    await output(['chroot', root, 'dpkg', '-i', '/tmp/p.deb'], { timeout: 120_000 });
    await rm(`${root}/tmp/p.deb`);
    await rm(`${root}/var/log`, { recursive: true, force: true });
    appendFileSync(`${root}/etc/passwd`, `${name}:x:${name === 'one' ? 801 : 802}:800::/:/usr/sbin/nologin\n`);
  }

  test('dpkg, the loader and the accounts are as if both had been installed in one', async () => {
    await system('one');
    await system('two');
    expect(await pare('merge', `rootfs:${dir}/one`, `rootfs:${dir}/two`, '-o', `rootfs:${dir}/both`)).toMatchObject({
      status: 0,
      stdout: '',
    });
    const inside = (...words: string[]) => command(['chroot', `${dir}/both`, ...words], { timeout: 120_000 });
    expect(await inside('dpkg', '--audit')).toMatchObject({ status: 0, stdout: '' });
    expect((await inside('dpkg-query', '-W', '-f', '${Package} ${db:Status-Status}\n', 'pare-*')).stdout).toBe(
      'pare-one installed\npare-two installed\n',
    );
    expect(await inside('dpkg', '--verify', 'pare-one', 'pare-two')).toMatchObject({ status: 0, stdout: '' });
    expect((await inside('one')).status).toBe(7);
    expect((await inside('two')).status).toBe(7);
    const cached = async () =>
      (await inside('ldconfig', '-p')).stdout.split('\n').filter((line) => line.startsWith('\t'));
    const merged = await cached();
    await inside('ldconfig');
    expect(merged).toEqual(await cached());
    expect((await inside('id', 'one')).stdout + (await inside('id', 'two')).stdout).toMatch(
      /uid=801\(one\).*\n.*uid=802\(two\)/,
    );
    const removed = await inside('dpkg', '--purge', 'pare-one');
    expect(removed.status).toBe(0);
    expect((await inside('two')).status).toBe(7);
  }, 600_000);

  test('contradictions are told, and nothing is written', async () => {
    appendFileSync(`${dir}/two/etc/passwd`, 'one:x:5555:800::/:/bin/false\n');
    writeFileSync(`${dir}/one/etc/motd`, 'one');
    writeFileSync(`${dir}/two/etc/motd`, 'two');
    const told = await pare('merge', `rootfs:${dir}/one`, `rootfs:${dir}/two`, '-o', `rootfs:${dir}/none`, '--json');
    expect(told.status).toBe(1);
    const { conflicts, written } = JSON.parse(told.stdout);
    expect(written).toEqual([]);
    expect(conflicts.map(({ where, item, what }: Record<string, unknown>) => [where, item, what])).toEqual([
      ['/etc/motd', undefined, ['content']],
      ['/etc/passwd', 'user one', ['id']],
    ]);
    const settled = await pare(
      'merge',
      `rootfs:${dir}/one`,
      `rootfs:${dir}/two`,
      '-o',
      `rootfs:${dir}/none`,
      '--prefer',
      '/etc/motd=2',
      '--prefer',
      'first',
    );
    expect(settled).toMatchObject({ status: 0 });
    expect(readFileSync(`${dir}/none/etc/motd`, 'utf8')).toBe('two');
    expect(readFileSync(`${dir}/none/etc/passwd`, 'utf8')).toContain('one:x:801:');
  }, 600_000);
});
