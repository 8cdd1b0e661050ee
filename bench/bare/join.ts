/**
 * The least that a Node.js program does to make one layer of several, uncompressed: reads them, hashing each on a thread beside, and writes
 * and hashes what becomes of them. It does not even look at the files in them.
 *
 * `node join.ts LAYOUT FILE`
 */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

if (isMainThread) {
  const [layout = '', target = ''] = process.argv.slice(2);
  const blob = (digest: string) => join(layout, 'blobs/sha256', digest.slice('sha256:'.length));
  const [image] = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests;
  const { layers } = JSON.parse(readFileSync(blob(image.digest), 'utf8')) as { layers: { digest: string }[] };
  const paths = layers.map(({ digest }) => blob(digest));
  const checking = new Promise<void>((resolve, reject) => {
    new Worker(new URL(import.meta.url), { workerData: paths }).on('error', reject).on('exit', () => resolve());
  });
  const hash = createHash('sha256');
  const file = openSync(target, 'w');
  for (const path of paths) read(path, hash, (piece) => void writeSync(file, piece));
  closeSync(file);
  await checking;
  console.log(hash.digest('hex'));
} else {
  for (const path of workerData as string[]) {
    const digest = read(path, createHash('sha256')).digest('hex');
    if (!path.endsWith(digest)) throw new Error(`${path} is not what its name says`);
  }
}

function read(path: string, hash: Hash, use: (piece: Uint8Array) => void = () => undefined): Hash {
  const file = openSync(path, 'r');
  const buffer = Buffer.allocUnsafeSlow(1 << 20);
  for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer)) {
    hash.update(buffer.subarray(0, count));
    use(buffer.subarray(0, count));
  }
  closeSync(file);
  return hash;
}
