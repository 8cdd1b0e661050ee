/**
 * Images into Docker's and Podman's daemons and back: the same config and the same layers, and they run. What other tools see
 * there is what pare wrote.
 * @module
 */
import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FILE_META } from '../../../src/model/node.ts';
import { copy } from '../../../src/operations/copy.ts';
import { openSink } from '../../../src/sinks.ts';
import { openImage } from '../../../src/sources.ts';
import { saveImage } from '../../../src/transforms/save/save.ts';
import { imageOf, treeOf, type Workplace, workplace } from '../../images.ts';
import { type Daemon, type PodmanDaemon, startDocker, startPodman } from '../daemon.ts';
import { machineHas } from '../needs.ts';
import { command, output } from '../programs/command.ts';
import { differencesOf, hardImage } from '../store/fixture.ts';

const PARE = new URL('../../../bin/pare.js', import.meta.url).pathname;
const { image, tree } = hardImage();

/** A static program, so that the image needs nothing else. */
const BUSYBOX = '/bin/busybox';
const HAS_DOCKER = machineHas({ root: true, programs: ['dockerd', 'docker', 'busybox'] });
const HAS_PODMAN = machineHas({ root: true, programs: ['podman', 'docker', 'busybox'] });

const at = ({ access }: Workplace, { env }: Daemon) => ({ ...access, env: { ...access.env, ...env } });

/** One engine as the tests see it. */
interface Engine extends AsyncDisposable {
  readonly daemon: Daemon;
  /** A program of an image, run by the engine. */
  run(...words: string[]): Promise<string>;
}

async function dockerEngine(): Promise<Engine> {
  const daemon = await startDocker();
  return {
    daemon,
    run: (...words) => output(['docker', 'run', '--rm', '--network=none', ...words], { env: daemon.env }),
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}

async function podmanEngine(): Promise<Engine> {
  const daemon: PodmanDaemon = await startPodman();
  return {
    daemon,
    run: (...words) =>
      output([
        ...daemon.podman,
        'run',
        '--rm',
        '--network=none',
        '--ulimit=nofile=1024:1024',
        '--ulimit=nproc=1024:1024',
        ...words,
      ]),
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}

describe.each([
  ['Docker', HAS_DOCKER, dockerEngine],
  ['Podman', HAS_PODMAN, podmanEngine],
])('%s', (_name, isHere, start) => {
  let engine: Engine;
  beforeAll(async () => {
    if (isHere) engine = await start();
  });
  afterAll(async () => {
    if (isHere) await engine[Symbol.asyncDispose]();
  });

  test.skipIf(!isHere)('layout → daemon → layout: the same manifest, config and tree', async () => {
    await using place = await workplace();
    const access = at(place, engine.daemon);
    const from = `oci:${place.dir}/from`;
    await using sink = await openSink(from, access);
    const saved = await saveImage(image, sink);
    await copy({ from, to: 'docker-daemon:me/app:v1' }, access);
    const inspected = JSON.parse(await output(['docker', 'inspect', 'me/app:v1'], { env: engine.daemon.env }))[0];
    expect(`sha256:${inspected.Id.replace(/^sha256:/, '')}`).toBe(saved.manifest.config.digest);
    expect(inspected.RootFS.Layers).toEqual(saved.config.rootfs.diff_ids);
    for (const name of ['me/app:v1', saved.manifest.config.digest]) {
      const to = `oci:${place.dir}/${name.replace(/\W/g, '-')}`;
      const copied = await copy({ from: `docker-daemon:${name}`, to }, access);
      expect(copied).toMatchObject({ descriptor: { digest: saved.descriptor.digest } });
      await using opened = await openImage(to, access);
      expect(opened.image.source?.manifest.config.digest).toBe(saved.manifest.config.digest);
      expect(await differencesOf(opened.image.tree, tree)).toEqual([]);
    }
  });

  test.skipIf(!isHere)('an image made there runs, under every name', async () => {
    await using place = await workplace();
    const access = at(place, engine.daemon);
    const busybox = treeOf({ '/bin/busybox': readFileSync(BUSYBOX) }, { ...FILE_META, mode: 0o755 });
    const program = imageOf(busybox, { config: { Entrypoint: ['/bin/busybox', 'echo'], Cmd: ['hello'] } });
    {
      await using sink = await openSink('docker-daemon:run/me:v1', access, { names: ['run/me:v2'] });
      await saveImage(program, sink);
    }
    expect(await engine.run('run/me:v1')).toBe('hello\n');
    const inspected = await output(['docker', 'inspect', 'run/me:v1', 'run/me:v2'], { env: engine.daemon.env });
    const [first, second] = JSON.parse(inspected);
    expect(second.Id).toBe(first.Id);
  });

  test.skipIf(!isHere)('no image of that name, and none half loaded', async () => {
    await using place = await workplace();
    const access = at(place, engine.daemon);
    await expect(openImage('docker-daemon:no/such:v1', access)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: /no\/such:v1/,
    });
    {
      await using sink = await openSink('docker-daemon:half/done:v1', access);
      const bytes = new Uint8Array(1 << 20);
      await sink.write('application/vnd.oci.image.layer.v1.tar', one(bytes));
    }
    await expect(openImage('docker-daemon:half/done:v1', access)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe.skipIf(!HAS_DOCKER || !machineHas({ programs: ['openssl', 'setpriv'] }))("Docker's addresses", () => {
  test('over TLS both sides know each other', async () => {
    await using place = await workplace();
    const { dir } = place;
    await certificates(dir);
    const port = await freePort();
    const tls = [
      '--tlsverify',
      ...['ca', 'cert', 'key'].map((name) => `--tls${name.replace('ca', 'cacert')}=${dir}/${name}.pem`),
    ];
    await using daemon = await startDocker([...tls, '-H', `tcp://127.0.0.1:${port}`]);
    await copy({ from: await layout(place), to: 'docker-daemon:me/app:v1' }, at(place, daemon));
    const far = { DOCKER_HOST: `tcp://localhost:${port}`, DOCKER_CERT_PATH: dir, DOCKER_TLS_VERIFY: '1' };
    const over = (env: object) =>
      openImage('docker-daemon:me/app:v1', { ...place.access, env: { ...place.access.env, ...env } });
    await using opened = await over(far);
    expect(opened.image.config.architecture).toBe('amd64');
    await expect(over({ DOCKER_HOST: far.DOCKER_HOST })).rejects.toMatchObject({ hint: /DOCKER_TLS_VERIFY/ });
    // Another authority, and no certificate of the client.
    mkdirSync(`${dir}/other`);
    await certificates(`${dir}/other`);
    await expect(over({ ...far, DOCKER_CERT_PATH: `${dir}/other` })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    // A context says the same, and needs no environment.
    const context = ['docker', 'context', 'create', 'far', '--docker'];
    const files = ['ca', 'cert', 'key'].map((name) => `${name}=${dir}/${name}.pem`).join(',');
    const config = { DOCKER_CONFIG: `${dir}/docker` };
    await output([...context, `host=${far.DOCKER_HOST},${files}`], { env: config });
    await using byContext = await over({ ...config, DOCKER_CONTEXT: 'far' });
    await output(['docker', 'context', 'use', 'far'], { env: config });
    await using byCurrent = await over(config);
    expect([byContext, byCurrent].map((one) => one.descriptor)).toEqual([opened.descriptor, opened.descriptor]);
  });

  test('an ordinary user is told what is missing', async () => {
    await using place = await workplace();
    await using daemon = await startDocker();
    const socket = daemon.env.DOCKER_HOST.slice('unix://'.length);
    chmodSync(dirname(socket), 0o755);
    expect(statSync(socket).mode & 0o007).toBe(0);
    chmodSync(place.dir, 0o777);
    const words = ['setpriv', '--reuid=65534', '--clear-groups', PARE, 'copy', 'docker-daemon:x', `oci:${place.dir}/x`];
    const { status, stderr } = await command(words, {
      env: { ...daemon.env, HOME: place.dir, XDG_CACHE_HOME: place.dir },
    });
    expect(stderr).toMatch(/may not be spoken to\n {2}hint: .*group docker/);
    expect(status).toBe(3);
  });
});

async function layout(place: Workplace): Promise<string> {
  const reference = `oci:${place.dir}/image`;
  await using sink = await openSink(reference, place.access);
  await saveImage(imageOf(treeOf({ '/a': 'a' })), sink);
  return reference;
}

/** ca.pem, and one certificate for server and client. */
async function certificates(dir: string): Promise<void> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const at = (name: string) => `${dir}/${name}.pem`;
  await output([
    'openssl',
    'req',
    '-x509',
    ...key,
    '-keyout',
    at('ca-key'),
    '-out',
    at('ca'),
    '-subj',
    '/CN=test authority',
  ]);
  const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const issuer = ['-CA', at('ca'), '-CAkey', at('ca-key')];
  await output([
    'openssl',
    'req',
    '-x509',
    ...key,
    ...issuer,
    '-keyout',
    at('key'),
    '-out',
    at('cert'),
    '-subj',
    '/CN=localhost',
    ...names,
  ]);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
