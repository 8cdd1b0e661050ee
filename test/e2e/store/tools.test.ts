/**
 * What pare writes, other tools read, and the reverse: the same digests, the same tree.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { copy } from '../../../src/operations/copy.ts';
import { openSink } from '../../../src/sinks.ts';
import { openImage, openRoot } from '../../../src/sources.ts';
import type { SavedImage } from '../../../src/transforms/save/image.ts';
import { saveImage } from '../../../src/transforms/save/save.ts';
import { type Workplace, workplace } from '../../images.ts';
import { startDocker } from '../daemon.ts';
import { machineHas } from '../needs.ts';
import { differencesOf, hardImage } from './fixture.ts';

const PARE = new URL('../../../bin/pare.js', import.meta.url).pathname;
const { image, tree } = hardImage();

function run(words: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const [program, ...args] = words as [string, ...string[]];
  return execFileSync(program, args, {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  });
}

const skopeo = (...args: string[]) => run(['skopeo', '--insecure-policy', ...args]);

async function save(reference: string, { access }: Workplace): Promise<SavedImage> {
  await using sink = await openSink(reference, access);
  return await saveImage(image, sink);
}

async function treeAt(reference: string, { access }: Workplace): Promise<string[]> {
  await using root = await openRoot(reference, access);
  return await differencesOf(await root.tree(), tree);
}

const digestOfRaw = (reference: string) =>
  `sha256:${createHash('sha256')
    .update(skopeo('inspect', '--raw', reference))
    .digest('hex')}`;

/** Where the medium keeps one platform's manifest. */
const MEDIA = ['oci', 'oci-archive'] as const;

describe.skipIf(!machineHas({ programs: ['skopeo'] }))('skopeo', () => {
  test('reads layouts, archives and the store, by name and without', async () => {
    await using place = await workplace();
    for (const reference of [`oci:${place.dir}/a`, `oci:${place.dir}/b:v1`, `oci-archive:${place.dir}/c.tar:v1`]) {
      const { descriptor } = await save(reference, place);
      expect(digestOfRaw(reference)).toBe(descriptor.digest);
      expect(digestOfRaw(reference.replace(/:v1$/, ''))).toBe(descriptor.digest);
      const out = `${place.dir}/${createHash('sha1').update(reference).digest('hex')}`;
      skopeo('copy', reference, `oci:${out}:copied`);
      expect(digestOfRaw(`oci:${out}:copied`)).toBe(descriptor.digest);
    }
    const { descriptor } = await save('me/app:v2', place);
    expect(digestOfRaw(`oci:${place.dir}/store:docker.io/me/app:v2`)).toBe(descriptor.digest);
  });

  test('reads docker archives: the same config, the same layers uncompressed', async () => {
    await using place = await workplace();
    const saved = await save(`docker-archive:${place.dir}/a.tar:me/app:v2`, place);
    for (const source of [`docker-archive:${place.dir}/a.tar`, `docker-archive:${place.dir}/a.tar:me/app:v2`]) {
      const config = JSON.parse(skopeo('inspect', '--config', source));
      expect(config.rootfs.diff_ids).toEqual(saved.config.rootfs.diff_ids);
      expect(config.config.Env).toEqual(image.config.Env);
    }
    skopeo('copy', `docker-archive:${place.dir}/a.tar`, `oci:${place.dir}/out:x`);
    expect(await treeAt(`oci:${place.dir}/out:x`, place)).toEqual([]);
  });

  test.each(MEDIA)('writes what pare reads: %s', async (medium) => {
    await using place = await workplace();
    const { descriptor } = await save(`oci:${place.dir}/a:v1`, place);
    skopeo('copy', `oci:${place.dir}/a:v1`, `${medium}:${place.dir}/b:v1`);
    await using opened = await openImage(`${medium}:${place.dir}/b:v1`, place.access);
    expect(opened.descriptor.digest).toBe(descriptor.digest);
    expect(await differencesOf(opened.image.tree, tree)).toEqual([]);
  });

  test('writes into the store', async () => {
    await using place = await workplace();
    const { descriptor } = await save('first', place);
    skopeo(
      'copy',
      `oci:${place.dir}/store:docker.io/library/first:latest`,
      `oci:${place.dir}/store:docker.io/library/second:latest`,
    );
    await using opened = await openImage('second', place.access);
    expect(opened.descriptor.digest).toBe(descriptor.digest);
  });

  test('writes docker archives that pare reads, of several names', async () => {
    await using place = await workplace();
    const saved = await save(`oci:${place.dir}/a:v1`, place);
    skopeo(
      'copy',
      '--additional-tag',
      'other:tag',
      `oci:${place.dir}/a:v1`,
      `docker-archive:${place.dir}/b.tar:me/app:v2`,
    );
    for (const pick of ['', ':me/app:v2', ':other:tag', ':@0']) {
      await using opened = await openImage(`docker-archive:${place.dir}/b.tar${pick}`, place.access);
      expect(opened.image.config.rootfs.diff_ids).toEqual(saved.config.rootfs.diff_ids);
      expect(await differencesOf(opened.image.tree, tree)).toEqual([]);
    }
  });

  test("Docker's schema 2 stays as it is", async () => {
    await using place = await workplace();
    await save(`oci:${place.dir}/a:v1`, place);
    skopeo('copy', '--format', 'v2s2', `oci:${place.dir}/a:v1`, `dir:${place.dir}/d`);
    const manifest = readFileSync(`${place.dir}/d/manifest.json`);
    expect(JSON.parse(manifest.toString()).mediaType).toMatch(/docker/);
    // A layout of Docker's documents, as registries' mirrors make them.
    const layout = `${place.dir}/docker`;
    mkdirSync(`${layout}/blobs/sha256`, { recursive: true });
    const digest = createHash('sha256').update(manifest).digest('hex');
    writeFileSync(`${layout}/blobs/sha256/${digest}`, manifest);
    for (const { digest: blob } of [
      JSON.parse(manifest.toString()).config,
      ...JSON.parse(manifest.toString()).layers,
    ]) {
      writeFileSync(`${layout}/blobs/sha256/${blob.slice(7)}`, readFileSync(`${place.dir}/d/${blob.slice(7)}`));
    }
    writeFileSync(`${layout}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}');
    const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
    const entry = { mediaType, digest: `sha256:${digest}`, size: manifest.length };
    writeFileSync(`${layout}/index.json`, JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
    await copy({ from: `oci:${layout}`, to: `oci-archive:${place.dir}/docker.tar:x` }, place.access);
    // skopeo itself finds no image of Docker's media type in a layout.
    await using opened = await openImage(`oci-archive:${place.dir}/docker.tar:x`, place.access);
    expect(opened.descriptor).toEqual(entry);
    expect(await differencesOf(opened.image.tree, tree)).toEqual([]);
  });

  test('through a pipe, both ways', async () => {
    await using place = await workplace();
    const saved = await save('me/app:v2', place);
    const options = { env: { ...process.env, PARE_HOME: `${place.dir}/store` }, maxBuffer: 1 << 28 };
    const input = execFileSync(PARE, ['copy', 'me/app:v2', 'docker-archive:-'], options);
    writeFileSync(`${place.dir}/piped.tar`, input);
    const config = JSON.parse(skopeo('inspect', '--config', `docker-archive:${place.dir}/piped.tar`));
    expect(config.rootfs.diff_ids).toEqual(saved.config.rootfs.diff_ids);
    execFileSync(PARE, ['copy', 'docker-archive:-', 'back'], { ...options, input });
    expect(await treeAt('back', place)).toEqual([]);
  });
});

describe.skipIf(!machineHas({ root: true, programs: ['umoci'] }))('umoci', () => {
  test('unpacks what pare wrote to the same tree as pare does', async () => {
    await using place = await workplace();
    await save(`oci:${place.dir}/a:v1`, place);
    run(['umoci', 'unpack', '--image', `${place.dir}/a:v1`, `${place.dir}/bundle`]);
    await copy({ from: `oci:${place.dir}/a:v1`, to: `rootfs:${place.dir}/root` }, place.access);
    expect(await treeAt(`rootfs:${place.dir}/root`, place)).toEqual([]);
    expect(await treeAt(`rootfs:${place.dir}/bundle/rootfs`, place)).toEqual([]);
  });

  test('adds a layer that pare reads', async () => {
    await using place = await workplace();
    await save(`oci:${place.dir}/a:v1`, place);
    run(['umoci', 'unpack', '--image', `${place.dir}/a:v1`, `${place.dir}/bundle`]);
    writeFileSync(`${place.dir}/bundle/rootfs/etc/added`, 'added');
    run(['rm', '-r', `${place.dir}/bundle/rootfs/bin`]);
    run(['umoci', 'repack', '--image', `${place.dir}/a:v2`, `${place.dir}/bundle`]);
    await using opened = await openImage(`oci:${place.dir}/a:v2`, place.access);
    await using root = await openRoot(`rootfs:${place.dir}/bundle/rootfs`, place.access);
    const found = await differencesOf(opened.image.tree, await root.tree());
    // umoci keeps whole seconds of what it adds.
    expect(found.filter((one) => !one.endsWith(' mtime'))).toEqual([]);
    expect(opened.image.tree.root.names).not.toContain('bin');
    expect(opened.image.layers.length).toBe(3);
    await copy({ from: `oci:${place.dir}/a:v1`, to: `oci:${place.dir}/a:v3` }, place.access);
    expect(
      run(['umoci', 'list', '--layout', `${place.dir}/a`])
        .trim()
        .split('\n'),
    ).toEqual(['v1', 'v2', 'v3']);
  });
});

describe.skipIf(!machineHas({ root: true, programs: ['buildah'] }))('buildah', () => {
  test('pulls what pare wrote, and pushes what pare reads', async () => {
    await using place = await workplace();
    // buildah makes a name of the path, and names have no capitals.
    const layout = `/tmp/pare-buildah-${process.pid}`;
    const saved = await save(`oci:${layout}:v1`, place);
    const buildah = (...args: string[]) =>
      run([
        'buildah',
        '--root',
        `${place.dir}/root`,
        '--runroot',
        `${place.dir}/run`,
        '--storage-driver',
        'vfs',
        ...args,
      ]);
    try {
      const id = buildah('pull', '--policy', 'always', `oci:${layout}:v1`).trim();
      expect(`sha256:${id}`).toBe(saved.manifest.config.digest);
      buildah('push', id, `oci-archive:${place.dir}/pushed.tar:x`);
      buildah('push', id, `docker-archive:${place.dir}/pushed-docker.tar:x:y`);
    } finally {
      run(['rm', '-rf', layout, `${place.dir}/root`, `${place.dir}/run`]);
    }
    for (const reference of [
      `oci-archive:${place.dir}/pushed.tar:x`,
      `docker-archive:${place.dir}/pushed-docker.tar`,
    ]) {
      await using opened = await openImage(reference, place.access);
      expect(opened.image.config.rootfs.diff_ids, reference).toEqual(saved.config.rootfs.diff_ids);
      expect(await differencesOf(opened.image.tree, tree), reference).toEqual([]);
    }
  });
});

describe.skipIf(!machineHas({ root: true, programs: ['dockerd', 'docker'] }))('Docker', () => {
  test('loads what pare wrote, and saves what pare reads', async () => {
    await using place = await workplace();
    await using daemon = await startDocker();
    const saved = await save(`docker-archive:${place.dir}/a.tar:me/app:v2`, place);
    expect(run(['docker', 'load', '-i', `${place.dir}/a.tar`], daemon.env)).toMatch(/Loaded image: me\/app:v2/);
    const inspected = JSON.parse(run(['docker', 'inspect', 'me/app:v2'], daemon.env))[0];
    expect(inspected.Id).toBe(saved.manifest.config.digest);
    expect(inspected.RootFS.Layers).toEqual(saved.config.rootfs.diff_ids);
    run(['docker', 'save', '-o', `${place.dir}/back.tar`, 'me/app:v2'], daemon.env);
    await using opened = await openImage(`docker-archive:${place.dir}/back.tar:me/app:v2`, place.access);
    expect(opened.image.source?.manifest.config.digest).toBe(saved.manifest.config.digest);
    expect(await differencesOf(opened.image.tree, tree)).toEqual([]);
  });
});
