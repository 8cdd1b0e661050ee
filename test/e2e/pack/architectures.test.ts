/** Roots of other architectures and releases are packed on this machine; qemu-user shows that the result runs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineHas } from '../needs.ts';
import { debianTree } from '../trees.ts';
import { type Workplace, workplace } from './workplace.ts';

const ready = machineHas({ root: true, programs: ['runc'] });

describe.runIf(ready)('a program of another system', () => {
  let place: Workplace;
  beforeAll(async () => {
    place = await workplace();
  });
  afterAll(() => place[Symbol.asyncDispose]());

  test.each([
    ['bookworm', 'arm64', 'linux/arm64', '/lib/ld-linux-aarch64.so.1'],
    ['bookworm', 'armhf', 'linux/arm/v7', '/lib/ld-linux-armhf.so.3'],
    ['bookworm', 'armel', 'linux/arm/v5', '/lib/ld-linux.so.3'],
    ['bookworm', 's390x', 'linux/s390x', '/lib/ld64.so.1'],
    ['bookworm', 'ppc64el', 'linux/ppc64le', '/lib64/ld64.so.2'],
    ['trixie', 'amd64', 'linux/amd64', '/lib64/ld-linux-x86-64.so.2'],
  ])('%s on %s', async (suite, arch, platform, loader) => {
    const tree = debianTree({ suite, arch });
    if (tree === undefined) return;
    const packed = await place.pare('pack', 'redis-server', '--from', `rootfs:${tree}`, '-t', arch);
    expect(packed).toMatchObject({ status: 0 });
    expect(packed.stderr).toContain(`files, ${platform},`);
    expect(packed.stderr).not.toMatch(/^error/m);
    expect((await place.pare('why', arch, loader)).stdout).toContain(`PT_INTERP ${loader}`);
    const ran = await place.pare('run', '--platform', platform, arch, '--', '--version');
    expect(ran).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Redis server v=/) });
    expect(await place.pare('verify', arch, '--from', `rootfs:${tree}`)).toMatchObject({ status: 0 });
  });
});
