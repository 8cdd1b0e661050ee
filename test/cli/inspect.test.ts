/** `pare inspect` and `pare history`, on images made by code. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { doctorSchema } from '../../src/cli/schema/doctor.ts';
import { historySchema } from '../../src/cli/schema/history.ts';
import { inspectSchema } from '../../src/cli/schema/inspect.ts';
import { openSink } from '../../src/sinks.ts';
import type { SavedImage } from '../../src/transforms/save/image.ts';
import { saveImage } from '../../src/transforms/save/save.ts';
import { machineHas } from '../e2e/needs.ts';
import { imageOf, treeOf, type Workplace, workplace } from '../images.ts';
import { pare } from './pare.ts';

const COPYRIGHT = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
License: Zlib
`;
const STATUS = `Package: zlib1g
Status: install ok installed
Architecture: amd64
Version: 1:1.2.13
`;

let place: Workplace;
let saved: SavedImage;

beforeAll(async () => {
  place = await workplace();
  const first = treeOf({
    '/a': 'x'.repeat(1000),
    '/usr/lib/libz.so.1': 'elf',
    '/usr/share/doc/zlib1g/copyright': COPYRIGHT,
  });
  const second = treeOf({
    '/a': 'x'.repeat(500),
    '/var/lib/dpkg/status': STATUS,
    '/var/lib/dpkg/info/zlib1g.list': '/.\n/usr/lib/libz.so.1\n/usr/share/doc/zlib1g/copyright\n',
  });
  const image = imageOf(first, {
    config: {
      Entrypoint: ['/bin/app'],
      Cmd: ['--serve'],
      User: 'app',
      Env: ['PATH=/bin', 'A=b c'],
      ExposedPorts: { '80/tcp': {} },
      Volumes: { '/data': {} },
      WorkingDir: '/srv',
      Labels: { z: '1', a: '2' },
    },
    author: 'somebody',
    annotations: { 'org.opencontainers.image.version': '7' },
    layers: [
      { kind: 'made', content: first },
      { kind: 'made', content: second },
    ],
    history: [
      { created: '2026-01-01T00:00:00Z', created_by: `RUN ${'make '.repeat(20)}` },
      { created: '2026-01-02T00:00:00Z', created_by: 'ENV A=b c', empty_layer: true },
      { created: '2026-01-03T00:00:00.5Z', created_by: 'COPY . .', comment: 'buildkit' },
    ],
  });
  await using sink = await openSink('box', place.access);
  saved = await saveImage(image, sink);
});

afterAll(() => place[Symbol.asyncDispose]());

const inspect = (...args: readonly string[]) => pare(args, { env: place.access.env });

describe('inspect', () => {
  test('for people', async () => {
    const { status, stdout, stderr } = await inspect('inspect', 'box');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const facts = Object.fromEntries(
      stdout
        .split('\n\n', 1)[0]!
        .split('\n')
        .map((line) => /^(.*?) {2,}(.*)$/.exec(line)!.slice(1)),
    );
    expect(facts).toMatchObject({
      reference: 'box',
      digest: saved.descriptor.digest,
      config: saved.manifest.config.digest,
      platform: 'linux/amd64',
      author: 'somebody',
      'entry point': '["/bin/app"]',
      command: '["--serve"]',
      user: 'app',
      directory: '/srv',
      port: '80/tcp',
      volume: '/data',
      annotation: 'org.opencontainers.image.version=7',
    });
    expect(facts['size']).toMatch(/^\d+ B unpacked, .* compressed, 5 files$/);
    expect(stdout).toMatch(/^sha256:[0-9a-f]{12} +1\.\d\d kB/m);
  });

  test('as JSON, by its schema', async () => {
    const { stdout } = await inspect('inspect', '--json', 'box');
    const document = inspectSchema.parse(JSON.parse(stdout));
    expect(document.digest).toBe(saved.descriptor.digest);
    expect(document.layers.map(({ diffId, createdBy }) => [diffId, createdBy])).toEqual([
      [saved.config.rootfs.diff_ids[0], `RUN ${'make '.repeat(20)}`],
      [saved.config.rootfs.diff_ids[1], 'COPY . .'],
    ]);
    // The file that the second layer replaces counts in the first, and not in the image.
    expect(document.layers[0]!.unpacked).toBe(1000 + 3 + COPYRIGHT.length);
    expect(document.unpacked).toBe(document.layers[0]!.unpacked + document.layers[1]!.unpacked - 1000);
    expect(document.compressed).toBe(saved.manifest.layers.reduce((sum, { size }) => sum + size, 0));
    expect((await inspect('inspect', '--format', 'json', 'box')).stdout).toBe(stdout);
  });

  test.each([
    ['{{.Id}}', () => saved.manifest.config.digest],
    ['{{.RepoTags}} {{.RepoDigests}}', () => `[box:latest] [box@${saved.descriptor.digest}]`],
    ['{{.Os}}/{{.Architecture}} {{.Config.User}} {{.Config.OnBuild}}', () => 'linux/amd64 app []'],
    ['{{json .Config.Env}} {{.Config.Labels}}', () => '["PATH=/bin","A=b c"] map[a:2 z:1]'],
    ['{{range .RootFS.Layers}}{{println .}}{{end}}', () => `${saved.config.rootfs.diff_ids.join('\n')}\n`],
  ])('--format %s', async (template, expected) => {
    expect((await inspect('inspect', '--format', template, 'box')).stdout).toBe(`${expected()}\n`);
  });

  test('a template that does not fit is wrong usage', async () => {
    expect(await inspect('inspect', '--format', '{{.Nope}}', 'box')).toMatchObject({ status: 2, stdout: '' });
  });

  test('--raw is the manifest, and the config, byte for byte', async () => {
    const blob = (digest: string) => spawnSync('sha256sum', { input: digest, encoding: 'utf8' }).stdout.split(' ')[0];
    const manifest = await inspect('inspect', '--raw', 'box');
    expect(`sha256:${blob(manifest.stdout)}`).toBe(saved.descriptor.digest);
    const config = await inspect('inspect', '--raw', '--config', 'box');
    expect(`sha256:${blob(config.stdout)}`).toBe(saved.manifest.config.digest);
  });

  test('--licenses from the image’s own package database', async () => {
    expect((await inspect('inspect', '--licenses', 'box')).stdout).toBe(
      'PACKAGE  VERSION   LICENCES\nzlib1g   1:1.2.13  Zlib\n',
    );
    const { stdout } = await inspect('inspect', '--licenses', '--json', 'box');
    expect(inspectSchema.parse(JSON.parse(stdout)).packages).toEqual([
      { kind: 'dpkg', name: 'zlib1g', version: '1:1.2.13', licenses: ['Zlib'] },
    ]);
  });

  test.runIf(process.platform === 'linux')('--licenses of what pare packed, from its evidence', async () => {
    expect(await inspect('pack', '/bin/true', '-t', 'true')).toMatchObject({ status: 0 });
    const { stdout } = await inspect('inspect', '--licenses', 'true');
    expect(stdout).toMatch(/^libc6 .*GPL/m);
  });

  test('a root filesystem is no image', async () => {
    expect(await inspect('inspect', `rootfs:${place.dir}`)).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('history', () => {
  test('newest first, cut as docker cuts', async () => {
    const { stdout } = await inspect('history', 'box');
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^IMAGE +CREATED +CREATED BY +SIZE +COMPRESSED +COMMENT$/);
    expect(lines[1]).toMatch(
      new RegExp(`^${saved.manifest.config.digest.slice(7, 19)} +2026-01-03 00:00:00 +COPY \\. \\. .* buildkit$`),
    );
    expect(lines[2]).toMatch(/^<missing> +2026-01-02 00:00:00 +ENV A=b c +0 B$/);
    expect(lines[3]).toMatch(/^<missing> +2026-01-01 00:00:00 +RUN make make make make make make make make …/);
  });

  test('--no-trunc shows all of it', async () => {
    const { stdout } = await inspect('history', '--no-trunc', 'box');
    expect(stdout).toContain(`RUN ${'make '.repeat(20).trim()}`);
    expect(stdout).toContain(saved.manifest.config.digest);
  });

  test('as JSON, by its schema', async () => {
    const { stdout } = await inspect('history', '--json', 'box');
    const { steps } = historySchema.parse(JSON.parse(stdout));
    expect(steps.map(({ createdBy, diffId }) => [createdBy.slice(0, 4), diffId])).toEqual([
      ['COPY', saved.config.rootfs.diff_ids[1]],
      ['ENV ', undefined],
      ['RUN ', saved.config.rootfs.diff_ids[0]],
    ]);
    expect(steps[2]!.unpacked).toBe(1000 + 3 + COPYRIGHT.length);
  });
});

describe.runIf(process.platform === 'linux')('doctor', () => {
  const has = machineHas({ programs: ['runc', 'strace', 'newuidmap'] });

  test.runIf(has)('finds what is there, tried out', async () => {
    const { status, stdout } = await inspect('doctor', '--json');
    expect(status).toBe(0);
    const { findings, node } = doctorSchema.parse(JSON.parse(stdout));
    expect(node).toBe(process.version);
    const states = Object.fromEntries(findings.map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({ runc: 'present', strace: 'present', newuidmap: 'present', koffi: 'present' });
  });

  test('says how to get what is missing', async () => {
    const env = { ...place.access.env, PATH: '/nowhere' };
    const { status, stdout } = await pare(['doctor', '--json'], { env });
    expect(status).toBe(0);
    const { findings } = doctorSchema.parse(JSON.parse(stdout));
    const strace = findings.find(({ name }) => name === 'strace');
    expect(strace).toMatchObject({ state: 'missing', detail: 'not installed' });
    expect(strace?.remedy).toMatch(/strace/);
  });
});
