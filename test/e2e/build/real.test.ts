/**
 * A program in C, with apt-get and make, from Debian packages to an image that runs: as root and as an ordinary user, and equal to
 * what Docker's BuildKit makes of the same Dockerfile. Larger ones: test/labs/build.
 */
import { chmod, cp, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientWithBuildKit } from '../../../bench/lib/docker.ts';
import { startDocker } from '../daemon.ts';
import { machineHas } from '../needs.ts';
import { output } from '../programs/command.ts';
import { ordinaryUser, root } from '../run/people.ts';
import { debianTree } from '../trees.ts';
import { carriedOut } from './carried-out.ts';
import { compareImages } from './image-differences.ts';

const PROJECT = fileURLToPath(new URL('real/', import.meta.url));
const BASE = 'debian:trixie';

const programs = ['runc', 'newuidmap', 'useradd', 'setpriv', 'unshare', 'docker', 'dockerd', 'tar'];
const tree = machineHas({ root: true, programs }) ? debianTree({ suite: 'trixie' }) : undefined;

describe.runIf(tree !== undefined)('a program in C', () => {
  let directory: string;
  let context: string;
  let base: string;

  beforeAll(async () => {
    directory = await mkdtemp('/var/tmp/pare-real-');
    await chmod(directory, 0o755);
    base = join(directory, 'base.tar');
    await output(['tar', '--numeric-owner', '--xattrs', '-C', tree ?? '', '-cf', base, '.']);
    context = join(directory, 'context');
    await cp(PROJECT, context, { recursive: true });
    await buildByDocker();
  });

  afterAll(() => rm(directory, { recursive: true, force: true }));

  async function buildByDocker(): Promise<void> {
    await using daemon = await startDocker();
    const client = clientWithBuildKit(daemon.env);
    if (client === undefined) throw new Error('no docker client that builds by BuildKit');
    const env = { ...daemon.env, DOCKER_BUILDKIT: '1' };
    const docker = (...args: readonly string[]) => output([client, ...args], { env, timeout: 200_000 });
    await docker('import', base, BASE);
    await docker('build', '--network=host', '-t', 'made', context);
    await docker('save', '-o', join(directory, 'docker.tar'), 'made');
  }

  test.each([
    ['root', root],
    ['an ordinary user', ordinaryUser],
  ])('built by %s', async (_, become) => {
    await using person = await become();
    const words = ['build', '--progress', 'plain', '--build-context', `${BASE}=tar:${base}`, '-t', 'made', context];
    const first = await person.pare(words);
    expect(first, first.stderr).toMatchObject({ status: 0 });
    const second = await person.pare(words);
    expect(second).toMatchObject({ status: 0, stdout: first.stdout });
    expect(carriedOut(second.stderr)).toEqual([]);
    expect(carriedOut(first.stderr)).toHaveLength(8);

    const archive = `docker-archive:${person.home}/made.tar`;
    expect(await person.pare(['copy', 'made', archive])).toMatchObject({ status: 0 });
    const compared = await compareImages(
      `docker-archive:${directory}/docker.tar`,
      archive,
      [],
      join(directory, 'store'),
    );
    expect(compared).toMatchObject({ differences: [], exempted: [] });
    expect(compared.files).toBeGreaterThan(1000);

    expect(await person.pare(['run', 'made'])).toMatchObject({ status: 0, stdout: '12 words\n' });
    const counted = await person.pare(['run', '-i', 'made', '-'], { input: 'one two' });
    expect(counted).toMatchObject({ status: 0, stdout: '2 words\n' });
  });
});
