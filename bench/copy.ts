/**
 * `pare copy` of an image of 300 MB, as `docker save` writes it, into an OCI layout with gzip layers, against `skopeo copy`
 * of the same; start-up included.
 *
 * Option: `--rounds N` (default 3).
 * @module
 */
import { createHash } from 'node:crypto';
import {
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Contestant, compare, table } from './lib/compare.ts';
import { archivesOfFiles, bash } from './lib/files.ts';
import { publishedPare } from './lib/published.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });

/** Bytes of each layer. */
const LAYERS = [180e6, 90e6, 30e6];

/** moby's image specification v1.2: layers as tars, a config, and the manifest that names them. */
async function makeImage(dir: string): Promise<string> {
  const content = join(dir, 'content');
  mkdirSync(content);
  const tars = LAYERS.map((bytes, i) => ({ path: join(dir, `${i}.tar`), bytes }));
  archivesOfFiles(tars);
  const layers: string[] = [];
  for (const { path } of tars) {
    const digest = await sha256(path);
    renameSync(path, join(content, `${digest}.tar`));
    layers.push(digest);
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

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece);
  return hash.digest('hex');
}

const dir = mkdtempSync(join(tmpdir(), 'pare-bench-copy-'));
try {
  const image = await makeImage(dir);
  const pare = [...publishedPare(join(dir, 'published')), 'copy', '--quiet'];
  const contestant = (name: string, command: readonly string[]): Contestant => {
    const layout = join(dir, name.replace(/\W/g, '-'));
    return {
      name,
      command: [...command, `docker-archive:${image}`, `oci:${layout}:copied`],
      env: { PARE_HOME: join(dir, 'store') },
      prepare: () => rmSync(layout, { recursive: true, force: true }),
      size: () => {
        const blobs = join(layout, 'blobs/sha256');
        return readdirSync(blobs).reduce((sum, blob) => sum + statSync(join(blobs, blob)).size, 0);
      },
    };
  };
  const skopeo = ['skopeo', '--insecure-policy', 'copy', '--quiet'];
  console.log(`docker-archive of ${(statSync(image).size / 1e6).toFixed(0)} MB → oci, gzip\n`);
  const contestants = [contestant('pare copy', pare), contestant('skopeo copy', skopeo)];
  console.log(table(compare(contestants, Number(values.rounds))));
} finally {
  rmSync(dir, { recursive: true, force: true });
}
