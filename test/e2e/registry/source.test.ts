/**
 * Reading from Debian's docker-registry what skopeo has put there: the same digests, the same tree.
 * @module
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Descriptor } from '../../../src/formats/oci/types.ts';
import { copy } from '../../../src/operations/copy.ts';
import { listTags, pull } from '../../../src/operations/pull.ts';
import { openSink } from '../../../src/sinks.ts';
import { openImage, openSource } from '../../../src/sources.ts';
import { saveImage } from '../../../src/transforms/save/save.ts';
import { pare } from '../../cli/pare.ts';
import { type Workplace, workplace } from '../../images.ts';
import { machineHas } from '../needs.ts';
import { output } from '../programs/command.ts';
import { differencesOf, hardImage } from '../store/fixture.ts';
import { type DockerRegistry, startDockerRegistry } from './docker-registry.ts';

const PASSWORD = 'secret';
const { image, tree } = hardImage();

const skopeo = (verb: string, ...words: readonly string[]) => output(['skopeo', '--insecure-policy', verb, ...words]);
const digestOfRaw = async (reference: string, ...words: readonly string[]) =>
  `sha256:${createHash('sha256')
    .update(await skopeo('inspect', '--raw', '--tls-verify=false', ...words, reference))
    .digest('hex')}`;

describe.skipIf(!machineHas({ programs: ['docker-registry', 'skopeo', 'htpasswd'] }))('docker-registry', () => {
  let registry: DockerRegistry;
  let closed: DockerRegistry;
  let place: Workplace;
  let saved: Descriptor;

  beforeAll(async () => {
    place = await workplace();
    registry = await startDockerRegistry();
    closed = await startDockerRegistry({ users: { me: PASSWORD } });
    await using sink = await openSink(`oci:${place.dir}/layout:v1`, place.access);
    const { platform: _, ...plain } = (await saveImage(image, sink)).descriptor;
    saved = plain;
    await sink[Symbol.asyncDispose]();
    const put = (host: string, tag: string, ...words: readonly string[]) =>
      skopeo(
        'copy',
        '--dest-tls-verify=false',
        ...words,
        `oci:${place.dir}/layout:v1`,
        `docker://${host}/me/app:${tag}`,
      );
    await put(registry.host, 'v1');
    await put(registry.host, 'docker', '--format', 'v2s2');
    await put(closed.host, 'v1', `--dest-creds=me:${PASSWORD}`);
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    await closed[Symbol.asyncDispose]();
    await place[Symbol.asyncDispose]();
  });

  test.each(['v1', 'docker'])('an image as skopeo sees it: %s', async (tag) => {
    await using own = await workplace();
    const reference = `docker://${registry.host}/me/app:${tag}`;
    await using opened = await openImage(reference, own.access);
    expect(opened.descriptor.digest).toBe(await digestOfRaw(reference));
    expect(await differencesOf(opened.image.tree, tree)).toEqual([]);
    if (tag === 'v1') expect(opened.descriptor.digest).toBe(saved.digest);
    await using byDigest = await openSource(`docker://${registry.host}/me/app@${opened.descriptor.digest}`, own.access);
    expect(await byDigest.resolve()).toEqual(opened.descriptor);
  });

  test('copies to layouts and archives byte for byte', async () => {
    await using own = await workplace();
    for (const to of [`oci:${own.dir}/a:v1`, `oci-archive:${own.dir}/a.tar:v1`]) {
      await copy({ from: `docker://${registry.host}/me/app:v1`, to }, own.access);
      expect(await digestOfRaw(to)).toBe(saved.digest);
    }
  });

  test('pull: into the store, under its own name or another, and then without the registry', async () => {
    await using own = await workplace();
    const other = await startDockerRegistry();
    const reference = `${other.host}/me/app`;
    await using _ = other;
    await skopeo(
      'copy',
      '--src-tls-verify=false',
      '--dest-tls-verify=false',
      `docker://${registry.host}/me/app:v1`,
      `docker://${reference}:v1`,
    );
    const pulled = await pull({ reference: `${reference}:v1` }, own.access);
    expect(pulled).toEqual({ name: `${reference}:v1`, descriptor: saved });
    expect(await pull({ reference: `docker://${reference}:v1`, name: 'app' }, own.access)).toMatchObject({
      name: 'docker.io/library/app:latest',
    });
    const byDigest = pull({ reference: `${reference}@${saved.digest}` }, own.access);
    await expect(byDigest).rejects.toMatchObject({ code: 'USAGE', hint: `write -t ${reference}:TAG` });
    await other[Symbol.asyncDispose]();
    for (const name of [`${reference}:v1`, 'app']) {
      await using opened = await openImage(name, own.access);
      expect(await differencesOf(opened.image.tree, tree)).toEqual([]);
    }
    // Its layers are at hand, by whatever name and from wherever.
    await copy({ from: `docker://${registry.host}/me/app:v1`, to: `oci:${own.dir}/copy:v1` }, own.access);
    expect(await digestOfRaw(`oci:${own.dir}/copy:v1`)).toBe(saved.digest);
  });

  test('a name that the store lacks is read from its registry; what is not there is said in its words', async () => {
    await using own = await workplace();
    await using opened = await openImage(`${registry.host}/me/app:v1`, own.access);
    expect(opened.descriptor).toEqual(saved);
    await expect(openImage(`${registry.host}/me/app:gone`, own.access)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/the store has no image .* MANIFEST_UNKNOWN: manifest unknown/),
      hint: expect.stringContaining('pare tags'),
    });
  });

  test('tags', async () => {
    const repository = `${registry.host}/me/app`;
    expect(await listTags(repository, place.access)).toEqual({ repository, tags: ['docker', 'v1'] });
    await expect(listTags(`${repository}:v1`, place.access)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(listTags(`${registry.host}/none`, place.access)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/NAME_UNKNOWN/),
    });
    const listed = await pare(['tags', repository]);
    expect(listed).toMatchObject({ status: 0, stdout: 'docker\nv1\n' });
    const json = await pare(['tags', '--json', `docker://${repository}`]);
    expect(JSON.parse(json.stdout)).toEqual({ repository, tags: ['docker', 'v1'] });
  });

  test('with credentials of a file, without them, and with wrong ones', async () => {
    await using own = await workplace();
    const env = { HOME: own.dir, PARE_HOME: `${own.dir}/store`, REGISTRY_AUTH_FILE: join(own.dir, 'auth.json') };
    const reference = `${closed.host}/me/app:v1`;
    const keep = (password: string) => {
      const auth = Buffer.from(`me:${password}`).toString('base64');
      writeFileSync(env.REGISTRY_AUTH_FILE, JSON.stringify({ auths: { [closed.host]: { auth } } }));
    };
    keep('wrong');
    const wrong = await pare(['pull', reference], { env });
    expect(wrong).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/answers 401: .*\n {2}hint: the credentials for .* are not accepted/),
    });
    expect(wrong.stderr).not.toContain('wrong');
    keep(PASSWORD);
    expect(await pare(['pull', reference], { env })).toMatchObject({
      status: 0,
      stdout: `${saved.digest}\n`,
    });
    const nobody = await pare(['pull', reference], { env: { HOME: '/nonexistent', PARE_HOME: `${own.dir}/other` } });
    expect(nobody).toMatchObject({ status: 3, stderr: expect.stringContaining(`pare login ${closed.host}`) });
  });
});
