import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineHas } from './needs.ts';
import { command, output } from './programs/command.ts';
import { PARE } from './programs/packed.ts';
import { debianTree } from './trees.ts';

const ready = machineHas({ root: true, programs: ['runc', 'mmdebstrap', 'arch-test', 'qemu-aarch64-static'] });

/** Debian's name, the platform in image-spec's words. */
const ARCHITECTURES = [
  ['arm64', 'arm64', undefined],
  ['armhf', 'arm', 'v7'],
  ['armel', 'arm', 'v5'],
  ['s390x', 's390x', undefined],
  ['ppc64el', 'ppc64le', undefined],
] as const;

describe.skipIf(!ready)('redis of other architectures', () => {
  let dir: string;
  const env = () => ({ PARE_HOME: join(dir, 'store') });

  beforeAll(async () => {
    dir = await mkdtemp('/tmp/pare-architectures-');
  });

  afterAll(() => rm(dir, { recursive: true, force: true }));

  test.each(ARCHITECTURES)(
    '%s is packed here, has nothing missing, and starts under qemu',
    async (arch, architecture, variant) => {
      const tree = debianTree({ suite: 'bookworm', arch, include: ['netbase', 'redis-server'] });
      if (tree === undefined) return;
      await output([...PARE, 'pack', 'redis-server', '--from', `rootfs:${tree}`, '-t', arch], { env: env() });
      const checked = await command([...PARE, 'check', arch, '--fail-on', 'warning'], { env: env() });
      expect(checked.status, checked.stdout).toBe(0);
      const inspected = JSON.parse(await output([...PARE, 'inspect', arch, '--json'], { env: env() }));
      expect(inspected.platform).toEqual({ os: 'linux', architecture, ...(variant === undefined ? {} : { variant }) });
      const run = await command([...PARE, 'run', '--network', 'none', arch, '--', '--version'], { env: env() });
      expect(run.stdout, run.stderr).toMatch(/^Redis server v=7\./);
    },
  );
});
