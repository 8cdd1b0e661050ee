/** Makes images of another: one with another config, one of a single layer, and an index of several; and compares. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { append, diff, index, mutate, squash } from 'pare';

const dir = mkdtempSync(join(tmpdir(), 'example-'));
const at = (name: string) => `oci:${dir}/${name}`;
const [base, app] = [at('base'), at('app')];
try {
  for (const name of ['lower', 'upper']) {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, `${name}.txt`), name);
  }
  const platform = { os: 'linux', architecture: 'arm64' };
  await append('scratch', { layers: [`rootfs:${dir}/lower`], platform, output: base });
  await append(base, { layers: [`rootfs:${dir}/upper`], output: app });

  const { images } = await squash(app, { output: at('one') });
  for (const { before, after } of images) console.log(`${before.layers} layers became ${after.layers}`);
  console.log(`the same files: ${(await diff(app, at('one'))).same}`);

  await mutate(app, { edits: { env: ['MODE=test'], entrypoint: ['/upper'] }, output: at('edited') });
  const { config = [] } = await diff(app, at('edited'));
  for (const { field, after } of config) console.log(`${field} is ${after}`);

  const { entries } = await index({ images: [at('edited')], output: at('index') });
  for (const entry of entries) console.log(`${entry.platform?.os}/${entry.platform?.architecture} ${entry.digest}`);
} finally {
  rmSync(dir, { recursive: true });
}
