/** An archive on stdout is alone there, whatever verb wrote it. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { diff } from '../../src/model/diff.ts';
import { openSink } from '../../src/sinks.ts';
import { openImage } from '../../src/sources.ts';
import { saveImage } from '../../src/transforms/save/save.ts';
import { imageOf, treeOf, type Workplace, workplace } from '../images.ts';
import { type Ended, LAUNCHER, pare, start } from './pare.ts';

interface Stage extends Workplace {
  pare(...args: string[]): Promise<Ended>;
}

/** `base`, `app` on it, and `other`, all of them text, so that nothing is lost on the way. */
async function stage(): Promise<Stage> {
  const place = await workplace();
  const base = treeOf({ '/base': 'b' });
  const app = treeOf({ '/base': 'b', '/app': 'a' });
  const layer = { kind: 'made' as const, content: base };
  const images = {
    base: [layer],
    app: [layer, { kind: 'made' as const, content: diff(base, app), below: base }],
    other: [{ kind: 'made' as const, content: treeOf({ '/other': 'o' }) }],
  };
  for (const [name, layers] of Object.entries(images)) {
    await using sink = await openSink(name, place.access);
    await saveImage(imageOf(base, { layers }), sink);
  }
  for (const architecture of ['amd64', 's390x']) {
    await using sink = await openSink(`both:${architecture}`, place.access);
    await saveImage(imageOf(base, { platform: { architecture, os: 'linux' } }), sink);
  }
  const env = { PARE_HOME: `${place.dir}/store` };
  return { ...place, pare: (...args) => pare(args, { env, cwd: place.dir }) };
}

const VERBS: Readonly<Record<string, readonly string[]>> = {
  squash: ['squash', 'app'],
  rebase: ['rebase', 'app', '--old-base', 'base', '--new-base', 'other'],
  append: ['append', 'app', 'layer/'],
  mutate: ['mutate', 'app', '--label', 'a=b'],
  merge: ['merge', 'app', 'other'],
};

async function checkArchive({ status, stdout, stderr }: Ended, reference: string, place: Workplace): Promise<void> {
  expect(`${status} ${stderr}`).toMatch(/^0 /);
  writeFileSync(`${place.dir}/out.tar`, stdout);
  expect(stdout.length % 512).toBe(0);
  await using opened = await openImage(reference, place.access);
  expect(opened.image.tree.root.names.length).toBeGreaterThan(0);
}

describe('an archive on stdout is alone there', () => {
  test.each(Object.entries(VERBS))('%s', async (_, args) => {
    await using place = await stage();
    writeFileSync(`${place.dir}/file`, 'x');
    const words = args.map((word) => (word === 'layer/' ? 'rootfs:dir' : word));
    expect((await place.pare('extract', 'other', 'dir')).status).toBe(0);
    const ended = await place.pare(...words, '-o', 'docker-archive:-');
    await checkArchive(ended, `docker-archive:${place.dir}/out.tar`, place);
  });

  test('copy', async () => {
    await using place = await stage();
    const ended = await place.pare('copy', 'app', 'docker-archive:-');
    await checkArchive(ended, `docker-archive:${place.dir}/out.tar`, place);
  });

  test.runIf(process.platform === 'linux')('pack, as a root filesystem', async () => {
    await using place = await stage();
    const { status, stdout, stderr } = await place.pare('pack', '/bin/true', '-o', 'docker-archive:-', '-q');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.endsWith('\0'.repeat(512))).toBe(true);
  });

  test('an index, which is compressed inside', async () => {
    await using place = await stage();
    const { status, stdout } = await place.pare('index', 'create', 'both:amd64', 'both:s390x', '-o', 'oci-archive:-');
    expect(status).toBe(0);
    expect(stdout.startsWith('oci-layout\0')).toBe(true);
    expect(stdout.endsWith('\0'.repeat(512))).toBe(true);
  });

  test.each([
    [
      ['-o', 'docker-archive:-', '--json'],
      /docker-archive:- and the document of --json would both go to standard output/,
    ],
    [['-o', 'docker-archive:-', '-o', 'oci-archive:-'], /docker-archive:- and oci-archive:- would both go/],
  ])('%j is refused', async (options, message) => {
    await using place = await stage();
    for (const args of [...Object.values(VERBS), ['pack', '/bin/true'], ['index', 'create', 'app']]) {
      const ended = await place.pare(...args, ...options);
      expect(ended).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(message) });
    }
  });
});

/** More than a pipe takes, and no less when it is compressed. */
const LARGE = createHash('shake256', { outputLength: 2_000_000 }).digest('hex');

test.each([
  ['copy', 'large', 'docker-archive:-'],
  ['copy', 'large', 'oci-archive:-'],
  ['export', 'large'],
  ['pack', '--add', '/large', '--from', 'large', '--tarball', '-'],
  ['mutate', 'large', '--label', 'a=b', '-o', 'docker-archive:-'],
  ['cat', 'large', '/large'],
])('%s %s: a reader that leaves before the end is told of, quietly', async (...args) => {
  await using place = await workplace();
  {
    await using sink = await openSink('large', place.access);
    await saveImage(imageOf(treeOf({ '/large': LARGE }), {}), sink);
  }
  const read = async (reader: string) => {
    const script = `"$0" "$@" | ${reader} | wc -c; echo "status \${PIPESTATUS[0]}"`;
    const env = { PARE_HOME: `${place.dir}/store` };
    const { child, ended } = start(['bash', '-c', script, process.execPath, LAUNCHER, ...args, '-q'], { env });
    child.stdin?.end();
    return ended;
  };
  expect(await read('head -c 100')).toMatchObject({ stdout: '100\nstatus 141\n', stderr: '' });
  expect((await read('cat')).stdout).toMatch(/^\d{5,}\nstatus 0\n$/);
});

test('where one platform is kept of several, it is said which', async () => {
  await using place = await stage();
  await place.pare('index', 'create', 'both:amd64', 'both:s390x', '-t', 'both');
  const args = ['mutate', 'both', '--label', 'a=b', '--platform', 'linux/s390x', '-o', 'docker-archive:a.tar'];
  expect((await place.pare(...args)).stderr).toMatch(/^docker-archive:a.tar: .*linux\/s390x/);
  const all = await place.pare('mutate', 'both', '--label', 'a=b', '-o', 'docker-archive:b.tar', '--json');
  const native = process.arch === 's390x' ? 'linux/s390x' : 'linux/amd64';
  if (process.arch !== 'x64' && process.arch !== 's390x') return expect(all.status).toBe(2);
  expect(all.stderr).toMatch(new RegExp(`^docker-archive:b.tar: .*${native} alone`));
  expect(JSON.parse(all.stdout)).toMatchObject({ written: [{ platform: native }], images: [{}, {}] });
});
