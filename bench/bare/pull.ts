/**
 * The least that a Node.js program does to bring an image from a registry into a directory: asks for the manifest and, all at once, for
 * what it names; hashes and writes what comes. No options, no errors, no resumption, nothing checked beforehand.
 *
 * `node pull.ts HOST/NAME:TAG DIRECTORY`
 */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ask, hangUp } from './http.ts';

const [reference = '', directory = ''] = process.argv.slice(2);
const [, host, name, tag] = /^([^/]+)\/(.+):(\w+)$/.exec(reference) ?? [];
const of = (path: string) => new URL(`http://${host}/v2/${name}/${path}`);

const answer = await ask('GET', of(`manifests/${tag}`), { accept: 'application/vnd.oci.image.manifest.v1+json' });
let text = '';
for await (const piece of answer) text += piece;
const { config, layers } = JSON.parse(text);
mkdirSync(directory);
await Promise.all([config, ...layers].map(fetched));
hangUp();

async function fetched({ digest }: { digest: string }): Promise<void> {
  const blob = await ask('GET', of(`blobs/${digest}`));
  const hash = createHash('sha256');
  const file = openSync(join(directory, digest.slice('sha256:'.length)), 'w');
  await new Promise((resolve, reject) => {
    blob.on('data', (piece: Buffer) => {
      hash.update(piece);
      writeSync(file, piece);
    });
    blob.on('end', resolve).on('error', reject);
  });
  closeSync(file);
  if (`sha256:${hash.digest('hex')}` !== digest) throw new Error(`${digest} is not what came`);
}
