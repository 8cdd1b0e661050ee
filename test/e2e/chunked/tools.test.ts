/**
 * Layers in the chunked forms are layers like others: skopeo, umoci, buildah and Docker see the same files. That their tables of
 * contents are what newer versions of stargz-snapshotter and containers/storage expect is tested by hand, with their libraries.
 * @module
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { diff } from '../../../src/model/diff.ts';
import { TreeEditor } from '../../../src/model/editor.ts';
import type { Tree } from '../../../src/model/tree.ts';
import { copy } from '../../../src/operations/copy.ts';
import { verifyReference } from '../../../src/operations/verify.ts';
import { openSink } from '../../../src/sinks.ts';
import { openImage, openRoot } from '../../../src/sources.ts';
import { saveImage } from '../../../src/transforms/save/save.ts';
import { type Workplace, workplace } from '../../images.ts';
import { startDocker } from '../daemon.ts';
import { removeWithMounts } from '../mounts.ts';
import { machineHas } from '../needs.ts';
import { startDockerRegistry } from '../registry/docker-registry.ts';
import { differencesOf, hardImage, hardTrees } from '../store/fixture.ts';

const execute = promisify(execFile);
const FORMS = ['estargz', 'zstd:chunked'] as const;

async function run(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const [program, ...args] = words as [string, ...string[]];
  return (await execute(program, args, { env: { ...process.env, ...env }, maxBuffer: 1 << 28 })).stdout.trim();
}

/** Without the one name that tables of contents cannot hold. */
function describable(tree: Tree): Tree {
  const editor = new TreeEditor(tree);
  editor.remove('/etc/latin-\uDCE9');
  return editor.done();
}

const below = describable(hardTrees().below);
const above = describable(hardTrees().above);
const image = {
  ...hardImage().image,
  layers: [
    { kind: 'made', content: below },
    { kind: 'made', content: diff(below, above), below },
  ],
} as const;

async function save(reference: string, compression: (typeof FORMS)[number], { access }: Workplace) {
  await using sink = await openSink(reference, access);
  return await saveImage(image, sink, { compression });
}

describe.each(FORMS)('%s', (form) => {
  test.skipIf(!machineHas({ root: true, programs: ['skopeo', 'umoci'] }))(
    'skopeo copies and umoci unpacks',
    async () => {
      await using place = await workplace();
      const { descriptor } = await save(`oci:${place.dir}/a:v1`, form, place);
      await run(['skopeo', '--insecure-policy', 'copy', `oci:${place.dir}/a:v1`, `oci:${place.dir}/b:v1`]);
      await using opened = await openImage(`oci:${place.dir}/b:v1`, place.access);
      expect(opened.descriptor.digest).toBe(descriptor.digest);
      expect(await differencesOf(opened.image.tree, above)).toEqual([]);
      expect((await verifyReference(`oci:${place.dir}/b:v1`, place.access)).problems).toEqual([]);
      if (form === 'estargz') {
        // Debian 12's umoci does not read zstd.
        await run(['umoci', 'unpack', '--image', `${place.dir}/b:v1`, `${place.dir}/bundle`]);
        await using root = await openRoot(`rootfs:${place.dir}/bundle/rootfs`, place.access);
        expect(await differencesOf(await root.tree(), above)).toEqual([]);
      }
    },
  );

  test.skipIf(!machineHas({ root: true, programs: ['buildah', 'docker-registry', 'htpasswd'] }))(
    'buildah pulls',
    async () => {
      await using place = await workplace();
      await using registry = await startDockerRegistry();
      const reference = `docker://${registry.host}/chunked:v1`;
      await save(reference, form, place);
      const roots = ['--root', `${place.dir}/root`, '--runroot', `${place.dir}/run`, '--storage-driver', 'vfs'];
      const buildah = (...words: string[]) => run(['buildah', ...roots, ...words]);
      try {
        const id = (await buildah('pull', '--tls-verify=false', reference)).split('\n').at(-1) as string;
        const container = await buildah('from', '--isolation=chroot', id);
        const mounted = await buildah('mount', container);
        await using root = await openRoot(`rootfs:${mounted}`, place.access);
        // Making the mount point gives the root another time.
        expect(await differencesOf(await root.tree(), above)).toEqual(['/ mtime']);
        await buildah('umount', container);
      } finally {
        await run(['rm', '-rf', `${place.dir}/root`, `${place.dir}/run`]);
      }
    },
  );
});

// Debian 12's Docker does not read zstd.
test.skipIf(!machineHas({ root: true, programs: ['dockerd', 'docker', 'docker-registry', 'htpasswd'] }))(
  'Docker pulls and loads eStargz',
  async () => {
    await using place = await workplace();
    await using registry = await startDockerRegistry();
    await using daemon = await startDocker();
    const name = `${registry.host}/chunked:v1`;
    const saved = await save(`docker://${name}`, 'estargz', place);
    const docker = (...words: string[]) => run(['docker', ...words], daemon.env);
    await docker('pull', '-q', name);
    const ids = JSON.parse(await docker('inspect', '-f', '{{json .RootFS.Layers}}', name));
    expect(ids).toEqual(saved.config.rootfs.diff_ids);
    const container = await docker('create', name);
    await docker('export', '-o', `${place.dir}/export.tar`, container);
    await copy({ from: `docker://${name}`, to: `docker-archive:${place.dir}/a.tar:chunked:loaded` }, place.access);
    await docker('load', '-q', '-i', `${place.dir}/a.tar`);
    expect(JSON.parse(await docker('inspect', '-f', '{{json .RootFS.Layers}}', 'chunked:loaded'))).toEqual(ids);
    await using root = await openRoot(`tar:${place.dir}/export.tar`, place.access);
    const names = (await root.tree()).root.names;
    expect(names).not.toContain('stargz.index.json');
    expect(names).not.toContain('.no.prefetch.landmark');
    expect(names).toContain('var');
  },
);

// Debian 12's containers/storage knows eStargz, and zstd:chunked of an older kind only.
test.skipIf(!machineHas({ root: true, programs: ['skopeo', 'docker-registry', 'htpasswd'] }))(
  'containers/storage pulls eStargz by its table of contents',
  async () => {
    await using place = await workplace();
    await using registry = await startDockerRegistry();
    const dir = await mkdtemp('/tmp/pare-storage-');
    try {
      // A partial pull leaves out what is neither file, directory nor link.
      const editor = new TreeEditor(above);
      editor.remove('/dev');
      const tree = editor.done();
      const reference = `docker://${registry.host}/chunked:v1`;
      {
        await using sink = await openSink(reference, place.access);
        const layers = [{ kind: 'made', content: tree }] as const;
        await saveImage({ ...image, layers }, sink, { compression: 'estargz' });
      }
      await writeFile(
        `${dir}/storage.conf`,
        `[storage]
driver = "overlay"
runroot = "${dir}/run"
graphroot = "${dir}/graph"
[storage.options]
pull_options = {enable_partial_images = "true"}
`,
      );
      const to = `containers-storage:[overlay@${dir}/graph+${dir}/run]localhost/chunked:v1`;
      const words = ['--debug', '--insecure-policy', 'copy', '--src-tls-verify=false', reference, to];
      const env = { ...process.env, CONTAINERS_STORAGE_CONF: `${dir}/storage.conf` };
      const { stderr } = await execute('skopeo', words, { env, maxBuffer: 1 << 28 });
      expect(stderr).toContain('Retrieved partial blob');
      const [layer] = (await readdir(`${dir}/graph/overlay`)).filter((name) => /^[0-9a-f]{64}$/.test(name));
      await using root = await openRoot(`rootfs:${dir}/graph/overlay/${layer}/diff`, place.access);
      // This version looks for the table's "uid", "gid" and "modtime" under other names, and so finds none.
      const found = await differencesOf(await root.tree(), tree);
      expect(found.filter((one) => !/ (?:owner )?mtime$/.test(one))).toEqual([]);
    } finally {
      removeWithMounts(dir);
    }
  },
);
