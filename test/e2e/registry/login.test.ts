/**
 * Credentials between tools: what pare keeps, skopeo and docker use; what they keep, pare uses. Against Debian's
 * docker-registry with a list of users.
 * @module
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSink } from '../../../src/sinks.ts';
import { saveImage } from '../../../src/transforms/save/save.ts';
import { pare } from '../../cli/pare.ts';
import { type Workplace, workplace } from '../../images.ts';
import { certificateAuthority } from '../../registry/certificates.ts';
import { machineHas } from '../needs.ts';
import { command, output } from '../programs/command.ts';
import { hardImage } from '../store/fixture.ts';
import { type DockerRegistry, startDockerRegistry } from './docker-registry.ts';

const PASSWORD = 'pass:wörd "$1"';
const USERS = { me: PASSWORD };

interface User {
  /** A home without any configuration. */
  readonly env: Readonly<Record<string, string>>;
  readonly dir: string;
}

function user({ dir }: Workplace, name: string): User {
  const home = join(dir, name);
  mkdirSync(join(home, 'run'), { recursive: true });
  return { dir: home, env: { HOME: home, XDG_RUNTIME_DIR: join(home, 'run'), PARE_HOME: join(home, 'store') } };
}

async function login(words: readonly string[], { env }: User): Promise<void> {
  const ended = await pare(['login', '-u', 'me', '--password-stdin', ...words], { env, input: PASSWORD });
  expect(ended).toMatchObject({ status: 0, stdout: 'Login Succeeded\n' });
}

/** An image in the registry, put there by skopeo with the credentials in hand. */
async function stocked({ host }: DockerRegistry, { dir, access }: Workplace): Promise<string> {
  const reference = `oci:${dir}/layout:v1`;
  await using sink = await openSink(reference, access);
  await saveImage(hardImage().image, sink);
  const to = `docker://${host}/some/image:v1`;
  await output([
    'skopeo',
    '--insecure-policy',
    'copy',
    '--dest-tls-verify=false',
    `--dest-creds=me:${PASSWORD}`,
    reference,
    to,
  ]);
  return to;
}

const skopeo = (reference: string, { env }: User, ...words: readonly string[]) =>
  command(['skopeo', 'inspect', '--tls-verify=false', ...words, reference], { env });

/** Without a daemon: docker's own client asks the registry. */
const docker = (reference: string, { env }: User) =>
  command(['docker', 'manifest', 'inspect', '--insecure', reference.replace('docker://', '')], { env });

/** Keeps the one that it was given last. */
const HELPER = `#!/bin/sh
cd "$(dirname "$0")" && read -r input
case $1 in
get) cat kept 2> /dev/null || { echo credentials not found in native keychain; exit 1; } ;;
store) printf '%s' "$input" > kept ;;
erase) rm kept ;;
list) echo '{}' ;;
esac
`;

const tools = machineHas({ programs: ['docker-registry', 'htpasswd', 'skopeo', 'docker', 'openssl'] });

describe.skipIf(!tools)('credentials between tools', () => {
  test('what pare keeps, skopeo and docker use, and lose again', async () => {
    await using place = await workplace();
    await using registry = await startDockerRegistry({ users: USERS });
    const image = await stocked(registry, place);
    const me = user(place, 'me');
    expect((await skopeo(image, me)).status).not.toBe(0);
    expect((await docker(image, me)).status).not.toBe(0);
    await login([registry.host], me);
    expect(await skopeo(image, me)).toMatchObject({ status: 0 });
    expect(await docker(image, me)).toMatchObject({ status: 0 });
    const logins = await output(['skopeo', 'login', '--get-login', registry.host], { env: me.env });
    expect(logins).toBe('me\n');
    expect((await pare(['logout', registry.host], { env: me.env })).status).toBe(0);
    expect((await skopeo(image, me)).status).not.toBe(0);
    expect((await docker(image, me)).status).not.toBe(0);
  });

  test('a file of containers-auth.json(5)', async () => {
    await using place = await workplace();
    await using registry = await startDockerRegistry({ users: USERS });
    const image = await stocked(registry, place);
    const me = user(place, 'me');
    const authfile = join(me.dir, 'auth.json');
    await login([registry.host, '--authfile', authfile], me);
    expect((await skopeo(image, me)).status).not.toBe(0);
    expect(await skopeo(image, me, `--authfile=${authfile}`)).toMatchObject({ status: 0 });
    await output(['skopeo', 'logout', '--authfile', authfile, registry.host], { env: me.env });
    const after = await pare(['logout', registry.host, '--authfile', authfile], { env: me.env });
    expect(after.stdout).toBe(`Not logged in to ${registry.host}\n`);
  });

  test('what skopeo and docker keep, pare uses', async () => {
    await using place = await workplace();
    await using registry = await startDockerRegistry({ users: USERS });
    const image = await stocked(registry, place);
    const words = ['login', '-u', 'me', '--password-stdin', registry.host];
    for (const program of ['skopeo', 'docker']) {
      const one = user(place, program);
      const denied = await pare(['inspect', image], { env: one.env });
      expect(denied.status).toBe(3);
      expect(denied.stderr).toContain(`log in with "pare login ${registry.host}"`);
      const insecure = program === 'skopeo' ? ['--tls-verify=false'] : [];
      // No daemon is running here: docker's client asks the registry itself.
      const env = { ...one.env, DOCKER_HOST: `unix://${one.dir}/none.sock` };
      await output([program, ...words, ...insecure], { env, input: PASSWORD });
      const seen = await pare(['inspect', image], { env: one.env });
      expect(seen).toMatchObject({ status: 0 });
      const out = await pare(['logout', registry.host], { env: one.env });
      // skopeo's own file is not the one that pare writes.
      if (program === 'skopeo') expect(out.stderr).toContain('still has credentials');
      else expect((await docker(image, one)).status).not.toBe(0);
    }
  });

  test('docker’s other settings and accounts survive', async () => {
    await using place = await workplace();
    await using registry = await startDockerRegistry({ users: USERS });
    const me = user(place, 'me');
    const path = join(me.dir, '.docker/config.json');
    mkdirSync(join(me.dir, '.docker'));
    const settings = {
      psFormat: 'table {{.ID}}',
      auths: { 'other.example': { auth: 'eDp5' } },
      currentContext: 'default',
    };
    writeFileSync(path, JSON.stringify(settings));
    await login([registry.host], me);
    const after = JSON.parse(readFileSync(path, 'utf8'));
    expect(after).toMatchObject(settings);
    expect(Object.keys(after.auths)).toEqual(['other.example', registry.host]);
  });

  test('one credential helper for docker and pare', async () => {
    await using place = await workplace();
    await using registry = await startDockerRegistry({ users: USERS });
    const image = await stocked(registry, place);
    const me = user(place, 'me');
    mkdirSync(join(me.dir, '.docker'));
    writeFileSync(join(me.dir, '.docker/config.json'), '{"credsStore":"test"}');
    writeFileSync(join(me.dir, 'docker-credential-test'), HELPER, { mode: 0o755 });
    const env = { ...me.env, PATH: `${me.dir}:${process.env['PATH']}`, DOCKER_HOST: `unix://${me.dir}/none.sock` };
    const one = { ...me, env };
    const [kept, config] = [join(me.dir, 'kept'), join(me.dir, '.docker/config.json')];
    await output(['docker', 'login', '-u', 'me', '--password-stdin', registry.host], { env, input: PASSWORD });
    const byDocker = { kept: JSON.parse(readFileSync(kept, 'utf8')), config: JSON.parse(readFileSync(config, 'utf8')) };
    expect(await pare(['inspect', image], { env })).toMatchObject({ status: 0 });
    expect((await pare(['logout', registry.host], { env })).stdout).toContain('docker-credential-test');
    expect((await docker(image, one)).status).not.toBe(0);
    await login([registry.host], one);
    expect(JSON.parse(readFileSync(kept, 'utf8'))).toEqual(byDocker.kept);
    expect(JSON.parse(readFileSync(config, 'utf8'))).toEqual(byDocker.config);
    expect(await docker(image, one)).toMatchObject({ status: 0 });
  });

  test('registries.conf means to pare what it means to skopeo', async () => {
    await using place = await workplace();
    await using registry = await startDockerRegistry();
    const image = await stocked(registry, place);
    const me = user(place, 'me');
    mkdirSync(join(me.dir, '.config/containers'), { recursive: true });
    writeFileSync(
      join(me.dir, '.config/containers/registries.conf'),
      `[[registry]]
prefix = "moved.example/team"
location = "${registry.host}/some"
insecure = true
[[registry]]
location = "mirrored.example/some"
[[registry.mirror]]
location = "${registry.host}/nothing"
insecure = true
[[registry.mirror]]
location = "${registry.host}/some"
insecure = true
[[registry]]
prefix = "*.blocked.example"
blocked = true
`,
    );
    const digest = (await skopeo(image, me, '--format', '{{.Digest}}')).stdout.trim();
    for (const name of [
      'moved.example/team/image:v1',
      'mirrored.example/some/image:v1',
      `mirrored.example/some/image@${digest}`,
    ]) {
      const theirs = await output(['skopeo', 'inspect', '--no-tags', '--format', '{{.Digest}}', `docker://${name}`], {
        env: me.env,
      });
      expect(theirs.trim()).toBe(digest);
      const ours = await pare(['inspect', '--json', `docker://${name}`], { env: me.env });
      expect(ours, ours.stderr).toMatchObject({ status: 0 });
      expect(JSON.parse(ours.stdout).digest).toBe(digest);
    }
    const blocked = await pare(['inspect', 'docker://x.blocked.example/a'], { env: me.env });
    expect(blocked.status).toBe(3);
    expect(blocked.stderr).toContain('registries.conf blocks *.blocked.example');
  });

  test('TLS by certs.d, and by --insecure', async () => {
    await using place = await workplace();
    const authority = certificateAuthority('test');
    const { cert: certificate, key } = authority.server('localhost');
    await using registry = await startDockerRegistry({ users: USERS, tls: { certificate, key } });
    const me = user(place, 'me');
    await login([registry.host, '--insecure'], me);
    expect((await pare(['logout', '--all'], { env: me.env })).status).toBe(0);
    const certs = join(me.dir, '.config/containers/certs.d', registry.host);
    mkdirSync(certs, { recursive: true });
    writeFileSync(join(certs, 'ca.crt'), authority.cert);
    await login([registry.host], me);
    expect(existsSync(join(me.dir, '.docker/config.json'))).toBe(true);
  });
});
