/**
 * `make TAR IMAGE` writes pare's image of a tar. `compare TAR OURS THEIRS`, in a mount namespace of its own, mounts two and prints where they
 * differ, as JSON.
 * @module
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { erofsImage } from '../../../src/formats/erofs/image.ts';
import { applyLayer } from '../../../src/model/anchor.ts';
import { differencesInBytes } from '../../../src/model/difference.ts';
import { readLayer } from '../../../src/model/layer/read.ts';
import { countEntries, EMPTY_TREE, type Tree } from '../../../src/model/tree.ts';
import { rootReader } from '../../../src/system/disk-root.ts';
import { handleBlob } from '../../../src/system/file-blob.ts';
import { mount } from '../../../src/system/linux.ts';
import { readTree } from '../../../src/system/read-tree.ts';
import { treeOfKernel } from '../../trees.ts';

const [what, tar = '', ...images] = process.argv.slice(2);

async function make(image: string): Promise<void> {
  await using handle = await open(tar);
  const { size } = await handle.stat();
  const { tree } = await applyLayer(EMPTY_TREE, readLayer(handleBlob('tar', handle, tar), size));
  const bytes = erofsImage(tree.root, {
    locate: (content) => {
      if (content.kind === 'bytes') return { kind: 'inside', bytes: content.bytes };
      if (content.kind === 'sparse') throw new Error('a sparse file');
      return { kind: 'device', device: 0, offset: content.offset, size: content.size };
    },
    devices: () => [size],
  });
  writeFileSync(image, bytes);
}

async function shown(image: string): Promise<Tree> {
  const target = `${image}.mounted`;
  mkdirSync(target);
  mount({ source: image, target, type: 'erofs', flags: ['readOnly'], data: `device=${tar}` });
  return readTree(rootReader(target), {});
}

if (what === 'make') await make(images[0] as string);
else {
  const [ours, theirs] = await Promise.all(images.map(shown));
  // mkfs.erofs keeps the modes of symbolic links, which a kernel shows as 0777 everywhere else.
  const differences = await Array.fromAsync(
    differencesInBytes(ours as Tree, treeOfKernel(theirs as Tree)),
    ({ path, aspects }) => [path, ...aspects],
  );
  process.stdout.write(JSON.stringify({ entries: countEntries(ours as Tree), differences }));
}
