/**
 * The registry that the tests of faults stand on, as skopeo sees it: what a client of others' making can push, pull, list,
 * delete and authenticate against is no misunderstanding of ours.
 * @module
 */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { openSink } from '../../../src/sinks.ts';
import { saveImage } from '../../../src/transforms/save/save.ts';
import { type Workplace, workplace } from '../../images.ts';
import { certificateAuthority } from '../../registry/certificates.ts';
import { type Registry, startRegistry } from '../../registry/server.ts';
import { machineHas } from '../needs.ts';
import { hardImage } from '../store/fixture.ts';

const run = promisify(execFile);

async function skopeo(verb: string, ...words: readonly string[]): Promise<string> {
  const { stdout } = await run('skopeo', ['--insecure-policy', verb, ...words], { encoding: 'utf8' });
  return stdout;
}

async function savedLayout({ dir, access }: Workplace): Promise<{ reference: string; digest: string }> {
  const reference = `oci:${dir}/layout:v1`;
  await using sink = await openSink(reference, access);
  const { descriptor } = await saveImage(hardImage().image, sink);
  return { reference, digest: descriptor.digest };
}

const PLAIN = { to: ['--dest-tls-verify=false'], from: ['--src-tls-verify=false'], one: ['--tls-verify=false'] };

async function roundTrip(registry: Registry, place: Workplace, more: readonly string[] = []): Promise<void> {
  const { reference, digest } = await savedLayout(place);
  const at = `docker://${registry.host}/some/image`;
  const creds = (side: string) => more.map((user) => `--${side}creds=${user}`);
  await skopeo('copy', ...PLAIN.to, ...creds('dest-'), reference, `${at}:v1`);
  // Another repository of the same registry: mounted, where skopeo knows the blobs.
  await skopeo('copy', ...PLAIN.from, ...PLAIN.to, ...creds('src-'), ...creds('dest-'), `${at}:v1`, `${at}-too:v2`);
  await skopeo('copy', ...PLAIN.from, ...creds('src-'), `${at}-too:v2`, `oci:${place.dir}/back:v1`);
  const inspected = JSON.parse(await skopeo('inspect', ...PLAIN.one, ...creds(''), `${at}:v1`));
  expect(inspected).toMatchObject({ Digest: digest, RepoTags: ['v1'] });
  expect(await skopeo('inspect', '--format', '{{.Digest}}', `oci:${place.dir}/back:v1`)).toBe(`${digest}\n`);
  await skopeo('delete', ...PLAIN.one, ...creds(''), `${at}:v1`);
  await expect(skopeo('inspect', ...PLAIN.one, ...creds(''), `${at}:v1`)).rejects.toThrow(/manifest unknown/);
}

describe.skipIf(!machineHas({ programs: ['skopeo', 'openssl'] }))('skopeo and the registry of the tests', () => {
  test('without credentials', async () => {
    await using place = await workplace();
    await using registry = await startRegistry();
    await roundTrip(registry, place);
  });

  test('with Basic', async () => {
    await using place = await workplace();
    await using registry = await startRegistry({ auth: { kind: 'basic', users: { me: 'secret' } } });
    await roundTrip(registry, place, ['me:secret']);
    await expect(skopeo('inspect', ...PLAIN.one, `docker://${registry.host}/some/image-too:v2`)).rejects.toThrow();
  });

  test('with tokens, and blobs from another host', async () => {
    await using place = await workplace();
    await using store = await startRegistry();
    const auth = { kind: 'token', users: { me: 'secret' } } as const;
    await using registry = await startRegistry({ auth, storage: store.storage, blobsFrom: () => store.origin });
    await roundTrip(registry, place, ['me:secret']);
    expect(store.seen.some(({ target, status }) => target.startsWith('/storage/') && status === 200)).toBe(true);
  });

  test('over TLS, with a certificate of its own', async () => {
    await using place = await workplace();
    const ca = certificateAuthority('test-ca');
    const pair = ca.client('me');
    const certificates = `${place.dir}/certs`;
    mkdirSync(certificates);
    writeFileSync(`${certificates}/ca.crt`, ca.cert);
    writeFileSync(`${certificates}/client.cert`, pair.cert);
    writeFileSync(`${certificates}/client.key`, pair.key);
    await using registry = await startRegistry({ tls: { ...ca.server('127.0.0.1'), clientCa: ca.cert } });
    const { reference, digest } = await savedLayout(place);
    const at = `docker://${registry.host}/image:v1`;
    await skopeo('copy', `--dest-cert-dir=${certificates}`, reference, at);
    expect(await skopeo('inspect', `--cert-dir=${certificates}`, '--format', '{{.Digest}}', at)).toBe(`${digest}\n`);
    expect(registry.seen.at(-1)?.client).toBe('me');
    await expect(skopeo('inspect', at)).rejects.toThrow(/certificate/);
  });
});
