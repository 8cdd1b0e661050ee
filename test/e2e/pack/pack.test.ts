import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type * as z from 'zod';
import { checkSchema } from '../../../src/cli/schema/check.ts';
import { checkProgramSchema } from '../../../src/cli/schema/check-program.ts';
import { lsSchema } from '../../../src/cli/schema/ls.ts';
import { packSchema } from '../../../src/cli/schema/pack.ts';
import { packListSchema } from '../../../src/cli/schema/pack-list.ts';
import { verifyFromSchema } from '../../../src/cli/schema/verify-from.ts';
import { whySchema } from '../../../src/cli/schema/why.ts';
import { whyNotSchema } from '../../../src/cli/schema/why-not.ts';
import { machineHas } from '../needs.ts';
import { output } from '../programs/command.ts';
import { HELLO, type Workplace, workplace } from './workplace.ts';

const ready = machineHas({ root: true, programs: ['gcc', 'runc', 'umoci'] });

describe.runIf(ready)('a packed program', () => {
  let place: Workplace;
  beforeAll(async () => {
    place = await workplace();
  });
  afterAll(() => place[Symbol.asyncDispose]());

  /** Lines of `pare ls -R`. */
  const list = async (image: string) => (await place.pare('ls', '-R', image)).stdout.trim().split('\n');

  test('that is static is an image of one file, which runs', async () => {
    const hello = await place.compile('static/hello', HELLO, ['-static']);
    const packed = await place.pare('pack', hello, '-t', 'static', '--workdir', '/', '--', 'you');
    expect(packed).toMatchObject({ status: 0 });
    expect(packed.stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    expect(packed.stderr).toMatch(/static: [\d.]+ [kM]B, [\d.]+ [kM]B unpacked, \d+ files?, linux\/amd64, [\d.]+ s/);
    expect(await list('static')).toContain(hello);
    expect(await place.pare('run', 'static')).toMatchObject({ status: 1, stdout: 'hello you as 0:0 in /\n' });
    expect(await place.pare('run', 'static', '--', 'me', 'too')).toMatchObject({ status: 2, stdout: /hello me/ });
  });

  test('runs under plain runc from what umoci unpacks', async () => {
    const hello = await place.compile('plain/hello', HELLO);
    await place.pare('pack', hello, '-o', `oci:${place.dir}/layout:plain`, '--', 'runc');
    const bundle = join(place.dir, 'bundle');
    await output(['umoci', 'unpack', '--image', `${place.dir}/layout:plain`, bundle]);
    const config = JSON.parse(await readFile(join(bundle, 'config.json'), 'utf8'));
    config.process.terminal = false;
    await writeFile(join(bundle, 'config.json'), JSON.stringify(config));
    const id = `pare-pack-${process.pid}`;
    expect(await output(['sh', '-c', `runc run --bundle ${bundle} ${id} || test $? = 1`])).toMatch(
      /^hello runc as 0:0/,
    );
  });

  test('has the user, the home, the working directory and the volumes that were asked for', async () => {
    const hello = await place.compile('user/hello', HELLO);
    const options = ['--user', 'app:1234:5678', '--workdir', '/srv/app', '--volume', '/data', '--env', 'A=b c'];
    const more = ['--expose', '80', '--label', 'x=y', '--stop-signal', 'SIGINT', '--cmd', '["one"]'];
    expect(await place.pare('pack', hello, '-t', 'user', ...options, ...more)).toMatchObject({ status: 0 });
    expect(await place.pare('run', 'user')).toMatchObject({ stdout: 'hello one as 1234:5678 in /srv/app\n' });
    const long = (await place.pare('ls', '-l', '-R', 'user')).stdout;
    for (const dir of ['/srv/app', '/data', '/home/app'])
      expect(long).toMatch(new RegExp(`^drwxr-xr-x  1234:5678 .* ${dir}$`, 'm'));
    const { config } = JSON.parse((await place.pare('inspect', 'user', '--json')).stdout);
    expect(config).toMatchObject({
      User: '1234:5678',
      WorkingDir: '/srv/app',
      Volumes: { '/data': {} },
      ExposedPorts: { '80/tcp': {} },
      Labels: { x: 'y' },
      StopSignal: 'SIGINT',
      Entrypoint: [hello],
      Cmd: ['one'],
    });
    expect(config.Env).toEqual(expect.arrayContaining(['HOME=/home/app', 'A=b c']));
  });

  test('that would not work is not written, unless by force', async () => {
    await place.compile('broken/libgone.so', 'int gone(void) { return 0; }', ['-shared', '-fPIC']);
    const broken = await place.compile('broken/broken', 'int gone(void); int main(void) { return gone(); }', [
      `-L${place.dir}/broken`,
      '-lgone',
    ]);
    const refused = await place.pare('pack', broken, '-t', 'broken');
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^error missing-library: .*\/broken\n {2}.*libgone\.so.*\n {2}fix: /m);
    expect((await place.pare('images')).stdout).not.toMatch(/broken/);
    expect(await place.pare('pack', broken, '-t', 'broken', '--force')).toMatchObject({ status: 0 });
    expect((await place.pare('run', 'broken')).status).toBe(127);
  });

  test('brings what an added program and an added script need, at the places they are put', async () => {
    const hello = await place.compile('add/hello', HELLO);
    const tool = await place.compile(
      'add/tool',
      '#include <math.h>\nint main(int n, char **v) { return cos(n) > 9; }',
      ['-lm', '-fno-builtin'],
    );
    const script = await place.file('add/script', '#!/bin/sh\nexec true\n');
    const add = ['--add', `${tool}:/opt/tool`, '--add', `${script}:/opt/bin/`];
    expect(await place.pare('pack', hello, '-t', 'add', ...add)).toMatchObject({ status: 0 });
    const paths = await list('add');
    expect(paths).toEqual(expect.arrayContaining(['/opt/tool', '/opt/bin/script', hello]));
    expect(paths.some((path) => path.endsWith('/libm.so.6'))).toBe(true);
    expect(paths).not.toContain(tool);
    expect(await place.pare('run', '--entrypoint', '/opt/tool', 'add')).toMatchObject({ status: 0 });
    expect(await place.pare('run', '--entrypoint', '/opt/bin/script', 'add')).toMatchObject({ status: 0 });
  });

  test('finds libraries from everywhere: its own RPATH, and a place that only ld.so.conf knows', async () => {
    await place.compile('libs/one/libone.so', 'int one(void) { return 1; }', [
      '-shared',
      '-fPIC',
      '-Wl,-soname,libone.so',
    ]);
    const uses = 'int one(void); int main(void) { return one(); }';
    const flags = ['-L', `${place.dir}/libs/one`, '-lone'];
    const rpath = await place.compile('libs/bin/rpath', uses, [...flags, '-Wl,-rpath,$ORIGIN/../one']);
    await place.pare('pack', rpath, '-t', 'rpath');
    expect((await place.pare('run', 'rpath')).status).toBe(1);
    expect(await list('rpath')).not.toContain('/etc/ld.so.cache');
    // At another place $ORIGIN leads elsewhere: the library is found by a cache that has just this one entry.
    await place.pare('pack', rpath, '-t', 'moved', '--dest', '/app');
    expect((await place.pare('run', 'moved')).status).toBe(1);
    expect(await list('moved')).toEqual(expect.arrayContaining(['/app/rpath', '/etc/ld.so.cache']));
    const plain = await place.compile('libs/plain', uses, flags);
    const added = ['--add', `${place.dir}/libs/one/libone.so`, '--sodir', '/opt/lib'];
    expect(await place.pare('pack', plain, '-t', 'sodir', ...added)).toMatchObject({ status: 0 });
    expect(await list('sodir')).toContain('/opt/lib/libone.so');
    expect((await place.pare('run', 'sodir')).status).toBe(1);
  });

  test('says what would go in, and writes nothing', async () => {
    const hello = await place.compile('list/hello', HELLO);
    const plain = await place.pare('pack', hello, '--list');
    expect(plain.stdout.trim().split('\n')).toContain(hello);
    const { files } = JSON.parse((await place.pare('pack', hello, '--list', '--json')).stdout);
    expect(files.find(({ path }: { path: string }) => path === hello)).toMatchObject({
      strength: 'required',
      reasons: expect.arrayContaining([
        { rule: 'program', strength: 'required', because: 'is the program to be packed' },
      ]),
    });
    expect((await place.pare('images')).stdout).not.toMatch(/hello/);
  });

  test('goes into a tar as well, plain and compressed, the same tree each time', async () => {
    const hello = await place.compile('tar/hello', HELLO);
    const trees: string[] = [];
    for (const [name, unpack] of [
      ['a.tar', 'cat'],
      ['a.tar.gz', 'gzip -dc'],
      ['a.tar.zst', 'zstd -dc'],
    ] as const) {
      expect(await place.pare('pack', hello, '--tarball', name)).toMatchObject({ status: 0, stdout: '' });
      trees.push(await output(['sh', '-c', `${unpack} ${place.dir}/${name} | sha256sum`]));
    }
    await place.pare('pack', hello, '--name', 'b', '-z');
    trees.push(await output(['sh', '-c', `gzip -dc ${place.dir}/b.tar.gz | sha256sum`]));
    expect(new Set(trees).size).toBe(1);
    expect(await output(['tar', '-tf', join(place.dir, 'a.tar')])).toContain(hello.slice(1));
  });

  test.each(['busybox', 'toybox', 'dash'])('gets %s as a shell', async (shell) => {
    if (!machineHas({ programs: [shell] })) return;
    const hello = await place.compile('shell/hello', HELLO);
    const packed = await place.pare('pack', hello, '-t', shell, '--shell', shell);
    expect(packed.stderr).toMatch(new RegExp(`^${shell}: [\\d.]+ [kM]B, .* commands?, licence \\S+`, 'm'));
    const words = shell === 'toybox' ? ['/bin/echo', 'hi'] : ['/bin/sh', '-c', 'echo hi'];
    const ran = await place.pare('run', '--entrypoint', JSON.stringify(words), shell);
    expect(ran).toMatchObject({ status: 0, stdout: 'hi\n' });
  });

  test('is explained: why, why not, what it holds', async () => {
    const hello = await place.compile('why/hello', HELLO);
    await place.pare('pack', hello, '-t', 'why', '--exclude', '/etc/nsswitch.conf');
    const libc = (await list('why')).find((path) => path.endsWith('/libc.so.6')) as string;
    const why = await place.pare('why', 'why', libc);
    expect(why.stdout).toContain(`└─ ${hello} is linked with it (DT_NEEDED libc.so.6)`);
    expect(why.stdout).toMatch(/ └─ it is the program to be packed {2}\[program\]\n$/);
    expect((await place.pare('why-not', 'why', '/etc/shadow')).stdout).toMatch(/nothing .* asks for it/);
    expect(await place.pare('why', 'why', '/nothing')).toMatchObject({ status: 3, stderr: /has no \/nothing/ });
    expect(await place.pare('why-not', 'why', libc)).toMatchObject({ status: 3 });
    expect((await place.pare('ls', 'why', libc, '--why')).stdout).toMatch(/DT_NEEDED libc\.so\.6/);
  });

  test('is described by JSON documents that follow their schemas', async () => {
    const hello = await place.compile('json/hello', HELLO);
    const json = async (schema: z.ZodType, ...args: string[]) => {
      const { stdout } = await place.pare(...args, '--json');
      const parsed = schema.safeParse(JSON.parse(stdout));
      expect({ args, error: parsed.error }).toEqual({ args, error: undefined });
      // Nothing that the schema does not know.
      expect(parsed.data).toEqual(JSON.parse(stdout));
    };
    await json(packListSchema, 'pack', hello, '--list');
    await json(packSchema, 'pack', hello, '-t', 'json', '--exclude', '/etc/services');
    await json(packSchema, 'pack', hello, '-t', 'json2', '--from', 'json');
    await json(checkSchema, 'check', 'json');
    await json(checkProgramSchema, 'check', '--program', hello, '--base', 'json', '--base', 'scratch');
    await json(whySchema, 'why', 'json', hello);
    await json(whySchema, 'why', 'json', '/usr');
    await json(whyNotSchema, 'why-not', 'json', '/etc/shadow', '--from', 'host:');
    await json(lsSchema, 'ls', 'json', '-R', '--why');
    await json(verifyFromSchema, 'verify', 'json', '--from', 'host:');
  });

  test.each([
    ['none', 'tar', undefined],
    ['zstd', 'tar+zstd', 'zstd'],
    ['estargz:9', 'tar+gzip', 'gzip'],
  ])('--compression %s', async (form, type, tool) => {
    const hello = await place.compile('form/hello', HELLO);
    const layout = join(place.dir, `layout-${type}`);
    const packed = await place.pare('pack', hello, '--compression', form, '-o', `oci:${layout}:x`);
    expect(packed, packed.stderr).toMatchObject({ status: 0 });
    const image = JSON.parse(await output(['skopeo', 'inspect', '--raw', `oci:${layout}:x`]));
    const [layer] = image.layers;
    expect(layer.mediaType).toBe(`application/vnd.oci.image.layer.v1.${type}`);
    const file = `${layout}/blobs/sha256/${layer.digest.slice('sha256:'.length)}`;
    const content = await output(['sh', '-c', `${tool === undefined ? 'cat' : `${tool} -dc`} < "$0" | tar -t`, file]);
    expect(content.split('\n')).toContain(hello.slice(1));
    expect(await place.pare('verify', `oci:${layout}:x`, '--from', 'host:')).toMatchObject({ status: 0 });
  });

  test('packed again is the same, and another source is noticed', async () => {
    const hello = await place.compile('again/hello', HELLO);
    await place.pare('pack', hello, '-t', 'again', '--user', 'app', '--', 'x');
    expect(await place.pare('verify', 'again', '--from', 'host:')).toMatchObject({ status: 0 });
    await place.compile('again/hello', HELLO.replace('hello', 'goodbye'));
    const other = await place.pare('verify', 'again', '--from', 'host:');
    expect(other).toMatchObject({ status: 1 });
    expect(other.stdout).toMatch(/\/hello: (?:mtime|content)/);
  });
});
