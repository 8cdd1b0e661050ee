import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Daemon, startDocker } from '../daemon.ts';
import { machineHas } from '../needs.ts';
import type { ProgramCase } from './case.ts';
import { PROGRAM_CASES } from './cases/index.ts';
import { ceilingOf } from './ceiling.ts';
import { command, output } from './command.ts';
import { dockerRunner, PARE, pareRunner } from './packed.ts';
import { type Servers, startServers } from './servers.ts';

const PEERS = ['runc', 'skopeo', 'umoci', 'dockerd', 'docker', 'redis-cli', 'openssl', 'sshd'];
const ready = machineHas({ root: true, programs: [...PEERS, ...PROGRAM_CASES.map(({ program }) => program)] });

describe.skipIf(!ready)('programs of Debian packages, packed', () => {
  let servers: Servers;
  let docker: Daemon;
  let dir: string;
  const home = () => ({ PARE_HOME: join(dir, 'store') });

  beforeAll(async () => {
    servers = await startServers();
    docker = await startDocker();
    dir = await mkdtemp('/tmp/pare-programs-');
  });

  afterAll(async () => {
    await docker?.[Symbol.asyncDispose]();
    await servers?.[Symbol.asyncDispose]();
    if (dir !== undefined) await rm(dir, { recursive: true, force: true });
  });

  async function packed(one: ProgramCase): Promise<string> {
    const options = one.packArguments?.(servers) ?? [];
    return (await output([...PARE, 'pack', one.program, ...options, '-t', one.program], { env: home() })).trim();
  }

  describe.each(PROGRAM_CASES)('$program', (one) => {
    test('does its work under pare run', async () => {
      await packed(one);
      const setting = { image: one.program, resolvConf: servers.resolvConf, env: home() };
      await using runner = await pareRunner(setting);
      await one.test(runner, servers);
    });

    test('is not larger than what it needs and a tenth more', async () => {
      const options = [...(one.packArguments?.(servers) ?? []), '--json', '-t', one.program];
      const { unpacked } = JSON.parse(await output([...PARE, 'pack', one.program, ...options], { env: home() }));
      expect(unpacked).toBeLessThanOrEqual(one.ceiling ?? (await ceilingOf(one, servers)).ceiling);
    });

    test('does its work under Docker', async () => {
      const archive = join(dir, `${one.program}.tar`);
      await output([...PARE, 'copy', one.program, `docker-archive:${archive}:packed/${one.program}:test`], {
        env: home(),
      });
      await output(['docker', 'load', '-i', archive], docker);
      await rm(archive);
      const image = `packed/${one.program}:test`;
      await using runner = await dockerRunner({ image, resolvConf: servers.resolvConf, env: docker.env });
      await one.test(runner, servers);
      await output(['docker', 'rmi', '-f', image], docker);
    });

    test('is the same image to skopeo, and the same tree to umoci', async () => {
      const [layout, copied, bundle, root] = ['layout', 'copied', 'bundle', 'root'].map((name) =>
        join(dir, one.program + name),
      );
      const digest = await packed(one);
      await output([...PARE, 'copy', one.program, `oci:${layout}:test`], { env: home() });
      await output(['skopeo', 'copy', '--insecure-policy', '-q', `oci:${layout}:test`, `oci:${copied}:test`]);
      const index = JSON.parse(await readFile(join(copied as string, 'index.json'), 'utf8'));
      expect(index.manifests[0].digest).toBe(digest);
      await output(['umoci', 'unpack', '--image', `${copied}:test`, bundle as string]);
      await output([...PARE, 'copy', one.program, `rootfs:${root}`], { env: home() });
      const difference = await command(['sh', '-c', SAME_TREE, join(bundle as string, 'rootfs'), root as string]);
      assert.equal(difference.status, 0, difference.stdout + difference.stderr);
      for (const path of [layout, copied, bundle, root]) await rm(path as string, { recursive: true, force: true });
    });
  });
});

/** Mode, owner, size, time, link target, hard links and content of two trees, listed by find(1) and compared. */
const SAME_TREE = `
list() (cd "$1" && find . -mindepth 1 \\( -type d -printf '%p %y %m %U %G %T@\\n' \\) -o \\( -printf '%p %y %m %U %G %n %s %T@ %l\\n' \\) | LC_ALL=C sort)
list "$0" > "$0.list"; list "$1" > "$1.list"
diff "$0.list" "$1.list" && diff -r --no-dereference "$0" "$1"
`;
