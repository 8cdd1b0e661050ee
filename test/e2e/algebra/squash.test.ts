/**
 * Squashing against the tools that unpack: five images of several layers, built by buildah on a Debian system, have the tree
 * that `buildah commit --squash` gives them; and what pare writes above a base, Docker loads and exports as that tree.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TreeEditor } from '../../../src/model/editor.ts';
import type { Tree } from '../../../src/model/tree.ts';
import type { Deriving } from '../../../src/operations/derive.ts';
import { openSquashing } from '../../../src/operations/squash.ts';
import { openImage, openRoot } from '../../../src/sources.ts';
import { type Workplace, workplace } from '../../images.ts';
import { startDocker } from '../daemon.ts';
import { machineHas } from '../needs.ts';
import { output } from '../programs/command.ts';
import { differencesOf } from '../store/fixture.ts';
import { debianTree } from '../trees.ts';

const ready = machineHas({ root: true, programs: ['buildah', 'dockerd', 'docker'] });
const debian = ready ? debianTree({ suite: 'bookworm' }) : undefined;

/** setxattr(2) on x86-64, by its number: the system has no setcap. */
const CAPABILITY = [
  `perl -e 'my ($n, $v) = ("security.capability", pack("H*", "0100000200200000000000000000000000000000"));`,
  `syscall(188, $ARGV[0], $n, $v, 20, 0) == 0 or die $!'`,
].join(' ');

/** What is done step by step; each step is a layer. */
const IMAGES: Readonly<Record<string, readonly string[]>> = {
  removals: [
    'mkdir -p /srv/a/b && echo one > /srv/a/b/one && echo two > /srv/a/two && rm -r /etc/apt /etc/passwd-',
    'rm -r /srv/a/b /bin/bzip2 2>/dev/null; echo again > /srv/a/b && echo back > /etc/passwd- && mkdir /etc/apt',
    'rm /srv/a/two && mkdir -p /srv/a/two/deep && rm -rf /etc/cron.d /opt && touch /etc/apt/new',
  ],
  opaque: [
    'rm -rf /etc/default /etc/skel && mkdir /etc/default && echo new > /etc/default/new',
    'rm -rf /etc/default && echo a file > /etc/default && mkdir /etc/skel && touch /etc/skel/x',
    'rm /etc/default && mkdir -m 1770 /etc/default && chown 5:6 /etc/default && echo last > /etc/default/last',
  ],
  links: [
    'ln /usr/bin/perl /usr/local/bin/mine && ln /usr/local/bin/mine /srv/perl && echo x > /srv/x && ln /srv/x /srv/y',
    'rm /usr/bin/perl && mv /srv/perl /srv/moved && echo other > /srv/x.new && mv /srv/x.new /srv/x',
    'ln /srv/y /srv/z && ln -s z /srv/s && ln /srv/s /srv/t && chmod 700 /srv/moved',
  ],
  attributes: [
    `cp /usr/bin/perl /srv/capable && ${CAPABILITY} /srv/capable && cp /usr/bin/env /srv/setuid && chmod 6755 /srv/setuid`,
    'chown 70000:4000000 /srv/setuid; cp -a /srv/capable /srv/copy; mkfifo -m 600 /srv/pipe; chown -R 12:34 /etc/alternatives',
    `chmod 1777 /srv && touch -h -d @1000000000 /etc/alternatives/* && ${CAPABILITY} /srv/copy && ln /srv/copy /srv/copy2`,
  ],
  names: [
    'mkdir -p /srv/$(printf "d%.0s" $(seq 200))/$(printf "e%.0s" $(seq 90)) && printf x > /srv/$(printf "latin-\\351") && touch "/srv/größe 1"',
    'touch -d @5 "/srv/größe 1"; cd /srv && for i in $(seq 300); do echo $i > file-$i; done; ln -s $(printf "t%.0s" $(seq 150)) long',
    'cd /srv && rm file-1* && mv file-2 file-x && rm -r dddd* && ln -sfn / usr && rm usr && mkdir usr && touch usr/inside',
  ],
};

describe.skipIf(debian === undefined)('real images', () => {
  let place: Workplace;
  let dir: string;
  let storage: readonly string[];
  const buildah = (...args: string[]) => output(['buildah', ...storage, ...args], { timeout: 240_000 });
  const layout = () => `oci:${dir}/images`;

  beforeAll(async () => {
    place = await workplace();
    // Storage that syncs what it writes is quick in memory.
    dir = mkdtempSync(existsSync('/dev/shm') ? '/dev/shm/pare-' : '/tmp/pare-');
    storage = ['--root', `${dir}/root`, '--runroot', `${dir}/run`, '--storage-driver', 'overlay'];
    // What is large and plays no part stays out.
    const libraries = ['gconv', 'perl/*', 'systemd', 'libicu*', 'libpython*', 'libcrypto*', 'libsqlite*'];
    const left = [
      './usr/share/*',
      './usr/lib/python*',
      './var/cache/*',
      './var/lib/*',
      './dev/*',
      './proc/*',
      './sys/*',
    ];
    const without = [...left, ...libraries.map((name) => `./usr/lib/x86_64-linux-gnu/${name}`)];
    const excluded = without.map((path) => `--exclude=${path}`);
    execFileSync('tar', ['-C', debian as string, '--numeric-owner', ...excluded, '-cf', `${dir}/base.tar`, '.']);
    writeFileSync(`${dir}/Base`, 'FROM scratch\nADD base.tar /\n');
    await buildah('bud', '-q', '-f', `${dir}/Base`, '-t', 'base', dir);
    await buildah('push', '-q', '-D', 'localhost/base', `${layout()}:base`);
    for (const [name, steps] of Object.entries(IMAGES)) {
      const lines = ['FROM localhost/base', ...steps.map((step) => `RUN ${step}`)];
      writeFileSync(`${dir}/File`, `${lines.join('\n')}\n`);
      const how = ['--layers', '--isolation', 'chroot', '--network', 'host', '--pull-never', '-f', `${dir}/File`];
      await buildah('bud', '-q', ...how, '-t', name, dir);
      await buildah('push', '-q', '-D', `localhost/${name}`, `${layout()}:${name}`);
    }
  });
  afterAll(async () => {
    // What a step that failed has left mounted.
    const mounted = readFileSync('/proc/mounts', 'utf8').matchAll(/^\S+ (\S+)/gm);
    const inside = [...mounted].map(([, path = '']) => path).filter((path) => path.startsWith(`${dir}/`));
    for (const path of inside.toReversed()) execFileSync('umount', [path]);
    rmSync(dir, { recursive: true, force: true });
    await place[Symbol.asyncDispose]();
  });

  async function squashed(opening: Promise<Deriving>, to: string): Promise<void> {
    await using deriving = await opening;
    await deriving.save(to);
  }

  test.each(Object.keys(IMAGES))('%s: the tree of buildah commit --squash', async (name) => {
    const container = (await buildah('from', '--pull-never', `localhost/${name}`)).trim();
    await buildah('commit', '-q', '--squash', '--rm', container, `oci:${dir}/theirs:${name}`);
    const ours = `oci:${dir}/ours:${name}`;
    await squashed(openSquashing(`${layout()}:${name}`, { compression: 'none' }, place.access), ours);
    await using one = await openImage(ours, place.access);
    await using their = await openImage(`oci:${dir}/theirs:${name}`, place.access);
    await using before = await openImage(`${layout()}:${name}`, place.access);
    expect(one.image.layers.length).toBe(1);
    expect(before.image.layers.length).toBe(4);
    expect(await differencesOf(before.image.tree, one.image.tree)).toEqual([]);
    // buildah's squash makes two symbolic links of one with two names; Docker's export, below, does not.
    const theirs = name === 'links' ? ['/srv/t links'] : [];
    expect(await differencesOf(their.image.tree, one.image.tree)).toEqual(theirs);
  });

  test('above the base: Docker exports the same tree', async () => {
    await using daemon = await startDocker();
    const docker = (...args: string[]) => output(['docker', ...args], { env: daemon.env, timeout: 120_000 });
    for (const name of Object.keys(IMAGES)) {
      const archive = `${dir}/${name}.tar`;
      const request = { keepBase: `${layout()}:base` };
      await squashed(
        openSquashing(`${layout()}:${name}`, request, place.access),
        `docker-archive:${archive}:${name}:one`,
      );
      await docker('load', '-q', '-i', archive);
      const container = (await docker('create', `${name}:one`, 'x')).trim();
      await docker('export', '-o', `${dir}/export.tar`, container);
      await docker('rm', container);
      await using exported = await openRoot(`tar:${dir}/export.tar`, place.access);
      await using image = await openImage(`${layout()}:${name}`, place.access);
      expect(image.image.layers.length).toBe(4);
      expect(
        await differencesOf(withoutDockersOwn(image.image.tree), withoutDockersOwn(await exported.tree())),
        name,
      ).toEqual([]);
    }
  });
});

/** What Docker puts into every container, and the directories it does so in. */
function withoutDockersOwn(tree: Tree): Tree {
  const editor = new TreeEditor(tree);
  for (const path of [
    '/.dockerenv',
    '/dev',
    '/proc',
    '/sys',
    '/etc/hostname',
    '/etc/hosts',
    '/etc/mtab',
    '/etc/resolv.conf',
  ]) {
    editor.remove(path);
  }
  for (const path of ['/', '/etc']) {
    const info = editor.get(path);
    if (info?.kind === 'dir') editor.putDir(path, { ...info, mtime: 0, mtimeNs: 0 });
  }
  return editor.done();
}
