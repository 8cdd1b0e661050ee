/** Images to measure with: this machine's own files, in layers as images have them. @module */
import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { archivesOfFiles, bash } from './files.ts';

/** Bytes of each layer of an image of 300 MB. */
const LAYERS = [180e6, 90e6, 30e6];

/**
 * An archive as `docker save` writes it (moby's image specification v1.2): layers as tars, a config, and the manifest that
 * names them.
 * @param times how often 300 MB: later copies hold the same files below another directory
 */
export async function dockerArchive(dir: string, times = 1): Promise<string> {
  const content = join(dir, 'content');
  mkdirSync(content);
  const tars = LAYERS.map((bytes, i) => ({ path: join(dir, `${i}.tar`), bytes }));
  archivesOfFiles(tars);
  const layers: string[] = [];
  for (const { path } of tars) layers.push(await added(path, content));
  for (let copy = 1; copy < times; copy++) {
    for (const { path } of tars) {
      bash(`tar -cf "$1.copy" --transform 's,^,copy${copy}/,' --null -T "$1.list" 2>/dev/null`, path);
      layers.push(await added(`${path}.copy`, content));
    }
  }
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: layers.map((digest) => `sha256:${digest}`) },
    history: layers.map(() => ({ created_by: 'bench' })),
  });
  writeFileSync(join(content, 'config.json'), config);
  const entry = { Config: 'config.json', RepoTags: ['bench:latest'], Layers: layers.map((digest) => `${digest}.tar`) };
  writeFileSync(join(content, 'manifest.json'), JSON.stringify([entry]));
  bash('cd "$1/content" && tar -cf ../image.tar *', dir);
  rmSync(content, { recursive: true });
  return join(dir, 'image.tar');
}

async function added(tar: string, content: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(tar, { highWaterMark: 1 << 20 })) hash.update(piece);
  const digest = hash.digest('hex');
  renameSync(tar, join(content, `${digest}.tar`));
  return digest;
}

/** Bytes of all blobs of an OCI layout. */
export function layoutSize(layout: string): number {
  const blobs = join(layout, 'blobs/sha256');
  if (!existsSync(blobs)) return 0;
  return readdirSync(blobs).reduce((sum, blob) => sum + statSync(join(blobs, blob)).size, 0);
}
