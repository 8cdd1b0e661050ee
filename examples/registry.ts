/**
 * Moves images between a registry and the store. The registry is the first argument, as in
 * `node examples/registry.ts localhost:5000`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { append, copy, deleteImage, ImageError, login, pull, push, rebase, tags } from 'pare';

const registry = process.argv[2] ?? 'localhost:5000';
const dir = mkdtempSync(join(tmpdir(), 'example-'));
// A store and a home of their own: nothing of the user's is touched.
const call = { environment: { PARE_HOME: join(dir, 'store'), HOME: dir } };
try {
  await login({ registry, username: 'me', password: 'secret' }, call);
  for (const version of ['v1', 'v2']) await append('scratch', { ...call, layers: [], output: `base:${version}` });
  await append('base:v1', { ...call, layers: [], output: 'app' });

  const pushed = await push('app', { ...call, to: `${registry}/me/app:v1` });
  await copy('app', `docker://${registry}/me/app:v2`, call);
  console.log((await tags(`${registry}/me/app`, call)).tags.join(' '));

  const pulled = await pull(`${registry}/me/app:v1`, { ...call, name: 'again' });
  console.log(`the same digest: ${pulled.descriptor.digest === pushed.descriptor.digest}`);
  await rebase('again', { ...call, oldBase: 'base:v1', newBase: 'base:v2', output: 'moved' });

  const { deleted } = await deleteImage(`docker://${registry}/me/app@${pushed.descriptor.digest}`, call);
  console.log(`deleted: ${deleted}`);
  await pull(`${registry}/me/app:v1`, call);
} catch (error) {
  if (!(error instanceof ImageError)) throw error;
  console.log(`${error.code}: ${error.message}`);
} finally {
  rmSync(dir, { recursive: true });
}
