/**
 * The least that a Node.js program does to bring an image of an OCI layout into a registry: sends all that the manifest names at once,
 * each in one request, hashing it on the way, and then the manifest. No options, no errors, no resumption, nothing looked for beforehand.
 *
 * `node push.ts LAYOUT HOST/NAME:TAG`
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { ask, hangUp } from './http.ts';

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
}

const [layout = '', reference = ''] = process.argv.slice(2);
const [, host, name, tag] = /^([^/]+)\/(.+):(\w+)$/.exec(reference) ?? [];
const of = (path: string) => new URL(`http://${host}/v2/${name}/${path}`);
const blobPath = ({ digest }: Descriptor) => join(layout, 'blobs/sha256', digest.slice('sha256:'.length));

const [image] = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests as Descriptor[];
if (image === undefined) throw new Error(`${layout} has no image`);
const manifest = readFileSync(blobPath(image));
const { config, layers } = JSON.parse(manifest.toString());
await Promise.all([config, ...layers].map(sent));
const headers = { 'content-type': image.mediaType, 'content-length': manifest.length };
(await ask('PUT', of(`manifests/${tag}`), headers, (body) => void body.end(manifest))).resume();
hangUp();

async function sent(blob: Descriptor): Promise<void> {
  const started = (await ask('POST', of('blobs/uploads/'), { 'content-length': 0 })).resume();
  const place = new URL(started.headers.location ?? '', of(''));
  place.searchParams.set('digest', blob.digest);
  const hash = createHash('sha256');
  const written = await ask('PUT', place, { 'content-length': blob.size }, async (body) => {
    const file = openSync(blobPath(blob), 'r');
    const buffer = Buffer.allocUnsafeSlow(1 << 20);
    for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer)) {
      const piece = Buffer.from(buffer.subarray(0, count));
      hash.update(piece);
      if (!body.write(piece)) await new Promise((resolve) => body.once('drain', resolve));
    }
    closeSync(file);
    body.end();
  });
  written.resume();
  if (`sha256:${hash.digest('hex')}` !== blob.digest) throw new Error(`${blob.digest} is not what was sent`);
}
