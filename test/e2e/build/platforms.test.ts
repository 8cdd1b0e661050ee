/**
 * One Dockerfile for several platforms: programs of the others run by qemu, or nothing of the others runs at all. As root and as
 * an ordinary user; beside Docker's own result for the same platform.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientWithBuildKit } from '../../../bench/lib/docker.ts';
import type { Platform } from '../../../src/formats/oci/types.ts';
import { formatPlatform, parsePlatform } from '../../../src/model/platform.ts';
import { walk } from '../../../src/model/tree.ts';
import { readFileNode } from '../../../src/ports/tree-files.ts';
import { openRoot } from '../../../src/sources.ts';
import { machinePlatform } from '../../../src/system/machine.ts';
import { startDocker } from '../daemon.ts';
import { machineHas } from '../needs.ts';
import { command } from '../programs/command.ts';
import { startDockerRegistry } from '../registry/docker-registry.ts';
import { ordinaryUser, type Person, root } from '../run/people.ts';
import { type Bases, contextOf, makeBases } from './bases.ts';
import { tinyProgram } from './tiny.ts';

const PROGRAMS = ['runc', 'newuidmap', 'useradd', 'setpriv', 'unshare', 'qemu-aarch64-static'];
const ready = machineHas({ root: true, programs: PROGRAMS });

/** Debian's armel is version 5 of the architecture. */
const PLATFORMS = ['linux/amd64', 'linux/arm64', 'linux/arm/v5'];
const BUILD = formatPlatform(machinePlatform());

const EMULATED = `FROM base
ARG TARGETPLATFORM
ARG TARGETOS
ARG TARGETARCH
ARG TARGETVARIANT
ARG BUILDPLATFORM
RUN uname -m >/machine && echo "$TARGETPLATFORM $TARGETOS $TARGETARCH $TARGETVARIANT from $BUILDPLATFORM" >/said
COPY --chmod=755 --chown=3:4 file /copied/
ENV OF=$TARGETARCH
CMD ["cat", "/machine", "/said"]
`;

/** Where the "compiler" runs is written down beside what it made. */
const CROSS = `FROM --platform=$BUILDPLATFORM base AS build
ARG TARGETARCH
ARG TARGETVARIANT
COPY code /code
RUN cp /code/$TARGETARCH /program && chmod 755 /program && echo "$(uname -m) $TARGETVARIANT" >/by
FROM scratch
COPY --from=build /program /by /
ENTRYPOINT ["/program"]
`;

let bases: Bases | undefined;
let emulated: string;
let cross: string;

beforeAll(async () => {
  if (!ready) return;
  bases = await makeBases(['amd64', 'arm64', 'armel']);
  if (bases === undefined) return;
  emulated = contextOf(bases.directory, 'emulated');
  writeFileSync(join(emulated, 'Dockerfile'), EMULATED);
  writeFileSync(join(emulated, 'file'), 'of the context\n');
  cross = contextOf(bases.directory, 'cross');
  writeFileSync(join(cross, 'Dockerfile'), CROSS);
  for (const arch of ['amd64', 'arm64', 'arm']) {
    writeFileSync(join(contextOf(cross, 'code'), arch), tinyProgram(arch));
  }
});
afterAll(() => bases?.[Symbol.dispose]());

const machineOf = (platform: string) =>
  ({ 'linux/amd64': 'x86_64', 'linux/arm64': 'aarch64', 'linux/arm/v5': 'armv7l' })[platform];

describe.runIf(ready).each([
  ['root', root],
  ['an ordinary user', ordinaryUser],
])('several platforms, as %s', (_, become) => {
  let person: Person;
  beforeAll(async () => {
    person = await become();
  });
  afterAll(() => person[Symbol.asyncDispose]());

  const build = (context: string, ...words: readonly string[]) =>
    person.pare(['build', '--progress', 'quiet', '--build-context', `base=${bases?.base}`, ...words, context]);

  /** Of the index, in its order. */
  const platformsIn = async (reference: string): Promise<readonly string[]> => {
    const { stdout } = await person.pare(['index', 'inspect', '--json', reference]);
    const { manifests } = JSON.parse(stdout) as { manifests: readonly { platform: string }[] };
    return manifests.map(({ platform }) => platform);
  };

  test('programs of other machines run, and the index names all of them', async () => {
    const built = await build(emulated, '--platform', PLATFORMS.join(','), '-t', 'app');
    expect(built).toMatchObject({ status: 0 });
    expect(await platformsIn('app')).toEqual(PLATFORMS);
    for (const platform of PLATFORMS) {
      const { os, architecture, variant = '' } = parsePlatform(platform, machinePlatform());
      const { stdout } = await person.pare(['run', '--platform', platform, 'app']);
      const said = `${platform} ${os} ${architecture} ${variant} from ${BUILD}`;
      expect(stdout).toBe(`${machineOf(platform)}\n${said}\n`);
    }
  });

  test('cross-compiled: nothing but programs of this machine has run', async () => {
    const built = await build(cross, '--platform', PLATFORMS.join(','), '-o', 'oci:cross:latest');
    expect(built).toMatchObject({ status: 0 });
    expect(await platformsIn('oci:cross:latest')).toEqual(PLATFORMS);
    for (const platform of PLATFORMS) {
      expect(await person.pare(['run', '--platform', platform, 'oci:cross:latest'])).toMatchObject({ status: 42 });
      const { stdout } = await person.pare(['cat', '--platform', platform, 'oci:cross:latest', '/by']);
      expect(stdout).toBe(`${machineOf('linux/amd64')} ${platform === 'linux/arm/v5' ? 'v5' : ''}\n`);
    }
  });

  test('unchanged, all of it is remembered, and each platform by itself', async () => {
    const again = await person.pare([
      ...['build', '--progress', 'plain', '--build-context', `base=${bases?.base}`],
      ...['--platform', 'linux/arm64,linux/arm/v5', '-t', 'again', emulated],
    ]);
    expect(again.stderr.match(/ CACHED$/gm)).toHaveLength(4);
    const [all, some] = await Promise.all(['app', 'again'].map(digests));
    expect(all?.slice(1)).toEqual(some);
  });

  const digests = async (reference: string): Promise<readonly string[]> => {
    const { stdout } = await person.pare(['index', 'inspect', '--json', reference]);
    return (JSON.parse(stdout) as { manifests: readonly { digest: string }[] }).manifests.map(({ digest }) => digest);
  };

  test('files of each in a directory of its own, as buildx has it', async () => {
    const words = ['--platform', 'linux/amd64,linux/arm/v5'];
    expect(await build(cross, ...words, '-o', 'files', '-o', 'type=tar,dest=files.tar')).toMatchObject({ status: 0 });
    const files = ['amd64', 'arm'].map((arch) => readFileSync(join(cross, 'code', arch)));
    const names = ['linux_amd64', 'linux_arm_v5'];
    expect(names.map((name) => readFileSync(join(person.home, 'files', name, 'program')))).toEqual(files);
    const listed = execFileSync('tar', ['-tf', join(person.home, 'files.tar')], { encoding: 'utf8' });
    expect(listed.split('\n')).toEqual(expect.arrayContaining(names.map((name) => `${name}/program`)));
  });

  test('what holds one platform is not given several', async () => {
    for (const output of ['type=docker,dest=x.tar', 'docker-archive:x.tar']) {
      const refused = await build(cross, '--platform', 'linux/amd64,linux/arm64', '-o', output);
      expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining('one platform') });
    }
  });
});

/** Namespaces in which the kernel has no interpreter for programs of other machines (Linux 6.7). */
const WITHOUT_BINFMT = ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c'];
const HIDE = 'mount -t binfmt_misc none /proc/sys/fs/binfmt_misc && exec "$0" "$@"';

test.runIf(ready)('where nothing runs programs of another machine, that is what is said', async () => {
  await using person = await root();
  const probe = await command([...WITHOUT_BINFMT, HIDE, 'true']);
  if (probe.status !== 0) {
    process.stderr.write(`skipped: no binfmt_misc in namespaces: ${probe.stderr}\n`);
    return;
  }
  const launcher = new URL('../../../bin/pare.js', import.meta.url).pathname;
  const words = ['build', '--build-context', `base=${bases?.base}`, '--platform', 'linux/arm64', '-t', 'app', emulated];
  const env = { PARE_HOME: join(person.home, 'store') };
  const { status, stderr } = await command([...WITHOUT_BINFMT, HIDE, process.execPath, launcher, ...words], { env });
  expect({ status, stderr }).toMatchObject({
    status: 3,
    stderr: expect.stringMatching(/Dockerfile:7: .* is for arm64/),
  });
  expect(stderr).toMatch(/nothing here runs such programs[\s\S]*qemu-user-static/);
});

const docker = ready && machineHas({ root: true, programs: ['docker', 'dockerd', 'docker-registry'] });

test.runIf(docker)('BuildKit makes the same of the same file, for each platform', async () => {
  await using registry = await startDockerRegistry();
  await using daemon = await startDocker();
  await using person = await root();
  const base = `${registry.host}/base`;
  expect(await person.pare(['copy', bases?.base ?? '', `docker://${base}`])).toMatchObject({ status: 0 });
  writeFileSync(join(emulated, 'Dockerfile'), EMULATED.replace('FROM base', `FROM ${base}`));
  const client = clientWithBuildKit(daemon.env);
  if (client === undefined) throw new Error('no docker client here can build by BuildKit');
  const env = { ...daemon.env, DOCKER_BUILDKIT: '1' };
  for (const platform of PLATFORMS) {
    const words = ['build', '--network=host', '--platform', platform, '-t', 'app', emulated];
    expect(await command([client, ...words], { env })).toMatchObject({ status: 0 });
    const archive = join(person.home, 'theirs.tar');
    expect(await command([client, 'save', '-o', archive, 'app'], { env })).toMatchObject({ status: 0 });
    expect(await person.pare(['build', '--platform', platform, '-o', 'oci:ours:latest', emulated])).toMatchObject({
      status: 0,
    });
    const wanted = parsePlatform(platform, machinePlatform());
    const [ours, theirs] = await Promise.all([
      described(`oci:${person.home}/ours:latest`, person, wanted),
      described(`docker-archive:${archive}`, person, wanted),
    ]);
    expect(ours).toEqual(theirs);
  }
});

/** What both can say: no times, and of the config what this build decides. */
async function described(reference: string, { home }: Person, platform: Platform) {
  await using opened = await openRoot(reference, { env: { PARE_HOME: join(home, 'store') }, platform });
  const files: string[] = [];
  for (const { path, node } of walk(await opened.tree())) {
    const { mode, uid, gid } = node.meta;
    const body = node.kind === 'file' ? Buffer.from(await readFileNode(node)).toString('base64') : node.kind;
    const isBase = node.kind === 'file' && node.content.size > 1000;
    // Where a step's file systems were mounted, BuildKit leaves empty directories.
    if (isBase || ['/dev', '/proc', '/sys'].includes(path)) continue;
    files.push(`${path} ${node.kind === 'symlink' ? '' : mode.toString(8)} ${uid}:${gid} ${body}`);
  }
  const { architecture, os, config, history = [] } = opened.config ?? {};
  const own = history.filter(({ comment }) => comment !== undefined);
  // This BuildKit writes down no flags and no values that are predefined; newer ones do.
  const steps = own.map(({ created_by = '' }) =>
    created_by.replace(/^(COPY|ADD)( --\S+)+/, '$1').replace(/^(ARG \w+)=.*/, '$1'),
  );
  return { files, architecture, os, env: config?.Env, cmd: config?.Cmd, steps };
}
