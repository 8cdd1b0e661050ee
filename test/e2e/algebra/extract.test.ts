/**
 * A Debian image extracted: the same tree as umoci, and as tar of what Docker exports; as an ordinary user what is allowed.
 * @module
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  futimesSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { lstat, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDocker } from '../daemon.ts';
import { machineHas } from '../needs.ts';
import { command, output } from '../programs/command.ts';
import { PARE } from '../programs/packed.ts';
import { ordinaryUser } from '../run/people.ts';
import { debianTree } from '../trees.ts';

const ready = machineHas({ root: true, programs: ['umoci', 'setcap', 'setfattr', 'getfattr', 'setpriv', 'tar'] });
const tree = ready ? debianTree({ suite: 'trixie' }) : undefined;

/** Everything that a file system tells of a tree, in sorted lines, by tools that know nothing of pare. */
async function told(root: string, time: '%T@' | '%Ts'): Promise<string[]> {
  const format = `%P|%y|%m|%U:%G|${time}|%l|%s\\n`;
  const lines = await output(['find', root, '-mindepth', '1', '!', '-type', 'd', '-printf', format], {
    timeout: 120_000,
  });
  const dirs = await output(['find', root, '-mindepth', '1', '-type', 'd', '-printf', `%P|%y|%m|%U:%G|${time}\\n`]);
  const links = await output(['find', root, '-type', 'f', '-links', '+1', '-printf', '%i %P\\n']);
  const devices = await output([
    'find',
    root,
    '-type',
    'b',
    '-o',
    '-type',
    'c',
    '-exec',
    'stat',
    '-c',
    '%n %t:%T',
    '{}',
    '+',
  ]);
  const attributes = await output(['getfattr', '-R', '-h', '-d', '-m', '-', '-e', 'hex', '.'], {
    cwd: root,
    timeout: 120_000,
  });
  return [
    ...lines.split('\n'),
    ...dirs.split('\n'),
    ...groups(links),
    ...devices.replaceAll(root, '').split('\n'),
    // A name in a line of its own, its attributes below it.
    ...attributes.split('\n\n'),
  ].sort();
}

/** Paths that are one file, told without its number. */
function groups(links: string): string[] {
  const byInode = new Map<string, string[]>();
  for (const line of links.split('\n').filter(Boolean)) {
    const [inode = '', path = ''] = line.split(/ (.*)/s);
    byInode.set(inode, [...(byInode.get(inode) ?? []), path]);
  }
  return [...byInode.values()].map((paths) => `one file: ${paths.sort().join(' ')}`);
}

async function sameContents(a: string, b: string, ...except: string[]): Promise<void> {
  const excluded = except.flatMap((name) => ['-x', name]);
  const found = await command(['diff', '-r', '--no-dereference', ...excluded, a, b], { timeout: 300_000 });
  // diff tells of every device, FIFO and socket that it cannot compare.
  const lines = found.stdout
    .split('\n')
    .filter((line) => line !== '' && !/is a (?:character|block) special file|is a fifo/.test(line));
  expect(lines).toEqual([]);
}

describe.skipIf(tree === undefined)('a Debian tree', () => {
  let dir = '';
  const pare = (...args: string[]) =>
    command([...PARE, ...args], { cwd: dir, env: { PARE_HOME: `${dir}/store` }, timeout: 300_000 });

  beforeAll(async () => {
    dir = await mkdtemp('/tmp/pare-extract-');
    await output(['cp', '-a', tree ?? '', `${dir}/tree`], { timeout: 120_000 });
    const own = `${dir}/tree/own`;
    mkdirSync(own);
    await output(['cp', '/bin/true', `${own}/capable`]);
    await output(['setcap', 'cap_net_bind_service=ep', `${own}/capable`]);
    await output(['setfattr', '-n', 'user.pare', '-v', 'a value', `${own}/capable`]);
    for (const [name, ...device] of [
      ['null', 'c', '1', '3'],
      ['disk', 'b', '7', '300'],
      ['fifo', 'p'],
    ] as const) {
      await output(['mknod', '-m', '640', `${own}/${name}`, ...device]);
    }
    writeFileSync(`${own}/first`, 'linked');
    linkSync(`${own}/first`, `${own}/second`);
    await output(['ln', '-s', '/etc/passwd', `${own}/link`]);
    await output(['chown', '-h', '1000:70000', `${own}/link`, `${own}/first`]);
    await output(['chmod', '6711', `${own}/first`]);
    writeFileSync(Buffer.concat([Buffer.from(`${own}/not utf-8 `), Buffer.of(0xff)]), 'x');
    utimesSync(`${own}/first`, 0, 981_173_106.123_456_7);
    const fd = openSync(own, 'r');
    futimesSync(fd, 0, 5.5);
    closeSync(fd);
    expect((await pare('copy', `rootfs:${dir}/tree`, `oci:${dir}/image:v1`)).stderr).not.toContain('warning');
  }, 300_000);

  afterAll(() => rm(dir, { recursive: true, force: true }));

  test('is what it was, and what umoci makes of it', async () => {
    const extracted = await pare('extract', `oci:${dir}/image:v1`, `${dir}/mine`);
    expect(extracted).toMatchObject({ status: 0 });
    expect(extracted.stderr).not.toContain('warning');
    await output(['umoci', 'unpack', '--image', `${dir}/image:v1`, `${dir}/bundle`], { timeout: 300_000 });
    const mine = await told(`${dir}/mine`, '%T@');
    expect(mine).toEqual(await told(`${dir}/tree`, '%T@'));
    expect(mine).toEqual(await told(`${dir}/bundle/rootfs`, '%T@'));
    await sameContents(`${dir}/mine`, `${dir}/tree`);
    expect(mine.some((line) => line.includes('security.capability=0x'))).toBe(true);
    expect((await pare('diff', `oci:${dir}/image:v1`, `rootfs:${dir}/mine`, '--times')).status).toBe(0);
    await rm(`${dir}/bundle`, { recursive: true });
  }, 600_000);

  test('exported, it is the same for tar', async () => {
    await mkdir(`${dir}/untarred`);
    const line = '"$@" | tar -x -p --numeric-owner --xattrs "--xattrs-include=*" -C untarred';
    const words = ['sh', '-ec', line, 'sh', ...PARE, 'export', `oci:${dir}/image:v1`];
    await output(words, { cwd: dir, env: { PARE_HOME: `${dir}/store` }, timeout: 300_000 });
    expect(await told(`${dir}/untarred`, '%T@')).toEqual(await told(`${dir}/tree`, '%T@'));
    await rm(`${dir}/untarred`, { recursive: true });
  }, 600_000);

  test.skipIf(!machineHas({ root: true, programs: ['dockerd', 'docker'] }))(
    'is what tar makes of what Docker exports',
    async () => {
      await using daemon = await startDocker();
      const docker = (...args: string[]) => output(['docker', ...args], { env: daemon.env, timeout: 300_000 });
      await pare('copy', `oci:${dir}/image:v1`, `docker-archive:${dir}/image.tar:me/debian:v1`);
      await docker('load', '-i', `${dir}/image.tar`);
      const id = (await docker('create', 'me/debian:v1', '/bin/true')).trim();
      await docker('export', '-o', `${dir}/exported.tar`, id);
      await mkdir(`${dir}/exported`);
      const options = ['-p', '--numeric-owner', '--xattrs', '--xattrs-include=*'];
      await output(['tar', '-x', ...options, '-f', `${dir}/exported.tar`, '-C', `${dir}/exported`], {
        timeout: 300_000,
      });
      expect(await pare('extract', `oci:${dir}/image:v1`, `${dir}/again`)).toMatchObject({ status: 0 });
      // Docker adds what it mounts over, keeps whole seconds, and drops attributes but for capabilities.
      const ours =
        /^\/dev\/console 5:1$|^(?:\.dockerenv|dev|etc|proc|sys)(?:\||$)|^(?:dev\/|etc\/(?:hostname|hosts|mtab|resolv\.conf)\||proc\/|sys\/)/;
      const plain = (lines: string[]) =>
        lines.filter((line) => !ours.test(line)).map((line) => line.replace(/\nuser\.pare=\S+/, ''));
      expect(plain(await told(`${dir}/again`, '%Ts'))).toEqual(plain(await told(`${dir}/exported`, '%Ts')));
    },
    900_000,
  );

  test('as an ordinary user: contents, modes and times; one warning says what is lost', async () => {
    await using user = await ordinaryUser();
    await output(['chmod', '-R', 'a+rX', `${dir}/image`]);
    await output(['chmod', '755', dir]);
    const { status, stderr } = await user.pare(['extract', `oci:${dir}/image:v1`, 'root']);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stderr.split('\n').filter((line) => line.includes('warning'))).toEqual([
      expect.stringMatching(
        /entries belong to you.*lost set-user-ID.*\d+ devices? w\w+ left out.*1 extended attribute was left out/,
      ),
    ]);
    const root = `${user.home}/root`;
    expect(readFileSync(`${root}/own/first`, 'utf8')).toBe('linked');
    const [first, second] = [await lstat(`${root}/own/first`), await lstat(`${root}/own/second`)];
    expect({ ino: first.ino, uid: first.uid, mode: first.mode & 0o7777 }).toEqual({
      ino: second.ino,
      uid: user.uid,
      mode: 0o711,
    });
    expect(first.mtimeMs).toBeCloseTo(981_173_106_123.4567, 2);
    const names = async (at: string) =>
      (await output(['find', at, '-mindepth', '1', '-printf', '%P|%y|%l|%T@\\n'])).split('\n').sort();
    const [theirs, here] = [await names(root), await names(`${dir}/tree`)];
    expect(theirs).toEqual(here.filter((line) => !/^[^|]*\|[bc]\|/.test(line)));
    execFileSync('rm', ['-rf', root]);
  }, 600_000);

  test('a failure while files are moved takes them back', async () => {
    const there = `${dir}/there`;
    mkdirSync(`${there}/own/first`, { recursive: true });
    writeFileSync(`${there}/bin`, 'mine');
    // A mounted file system can be put away by nobody.
    execFileSync('mount', ['-t', 'tmpfs', 'none', `${there}/own/first`]);
    try {
      const failed = await pare('extract', `oci:${dir}/image:v1`, there, 'bin', 'own', '--force');
      expect(failed.status).toBe(3);
      expect(failed.stderr).toMatch(/EBUSY/);
    } finally {
      execFileSync('umount', [`${there}/own/first`]);
    }
    expect(execFileSync('find', [there, '-mindepth', '1', '-printf', '%P\\n']).toString()).toBe(
      'own\nown/first\nbin\n',
    );
    expect(readFileSync(`${there}/bin`, 'utf8')).toBe('mine');
  }, 300_000);
});
