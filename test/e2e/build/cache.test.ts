/** What builds remember, sent from one machine to another: two stores, a real registry, and skopeo between them. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineHas } from '../needs.ts';
import { type DockerRegistry, startDockerRegistry } from '../registry/docker-registry.ts';
import { ordinaryUser, type Person, root } from '../run/people.ts';
import { baseTar } from './base.ts';

const ready = machineHas({
  root: true,
  programs: ['runc', 'newuidmap', 'busybox', 'gcc', 'useradd', 'setpriv', 'unshare', 'docker-registry', 'skopeo', 'du'],
});

const DOCKERFILE = `
FROM base AS build
COPY a /a
RUN --mount=type=cache,id=kept,target=/cache cat /cache/x; echo ran-build; cp /a /out; \\
    echo kept >/cache/x; chown 33:44 /cache/x; chmod 640 /cache/x
FROM base
RUN echo ran-last; echo last >/last
RUN echo ran-idle
COPY --from=build /out /out
`;

let registry: DockerRegistry;

beforeAll(async () => {
  if (ready) registry = await startDockerRegistry();
});

afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
});

const skopeo = (...args: readonly string[]): string =>
  execFileSync('skopeo', args, { stdio: 'pipe', encoding: 'utf8' });

interface Machine {
  /** @returns what the steps said that were not remembered, warnings, and the digest of the image */
  build(...flags: readonly string[]): Promise<{ ran: readonly string[]; warnings: readonly string[]; digest: string }>;
  pare(...args: readonly string[]): ReturnType<Person['pare']>;
  readonly store: string;
}

function machine(person: Person, name: string): Machine {
  const store = join(person.home, `store-${name}`);
  const pare = (...args: readonly string[]) => person.pare(args, { env: { PARE_HOME: store } });
  return {
    store,
    pare,
    build: async (...flags) => {
      const base = `base=tar:${person.home}/base.tar`;
      const words = ['build', '--progress', 'plain', '--build-context', base, '-t', 'app', ...flags];
      const { status, stdout, stderr } = await pare(...words, join(person.home, 'context'));
      if (status !== 0) throw new Error(stderr);
      const said = stderr.split('\n').map((line) => line.replace(/^#\d+ (?:\d+\.\d+ )?/, ''));
      return {
        ran: said.filter((line) => /^(ran-\w+|kept)$/.test(line)).sort(),
        warnings: said.filter((line) => /--cache/.test(line) && !line.startsWith('[')),
        digest: stdout.trim(),
      };
    },
  };
}

describe.runIf(ready).each([
  ['root', root],
  ['an ordinary user', ordinaryUser],
])('builds of %s', (who, become) => {
  let person: Person;
  let first: Machine;
  let made: Awaited<ReturnType<Machine['build']>>;
  const name = (what: string) => `${registry.host}/${who.replaceAll(' ', '-')}/${what}`;

  beforeAll(async () => {
    person = await become();
    await writeFile(join(person.home, 'base.tar'), await baseTar(), { mode: 0o644 });
    await mkdir(join(person.home, 'context'));
    await writeFile(join(person.home, 'context/Dockerfile'), DOCKERFILE);
    await writeFile(join(person.home, 'context/a'), 'a\n');
    first = machine(person, 'first');
    made = await first.build(
      ...['--cache-to', `type=registry,ref=${name('cache')},mode=max,mounts=true`],
      ...['--cache-to', `type=local,dest=${person.home}/min,compression=zstd`],
      ...['--cache-to', 'type=inline', '-o', `docker://${name('app')}`],
    );
  });

  afterAll(async () => {
    await person[Symbol.asyncDispose]();
  });

  test('another machine runs nothing, fetches no layer that it need not read, and makes the same image', async () => {
    expect(made.ran).toEqual(['ran-build', 'ran-idle', 'ran-last']);
    const second = machine(person, 'second');
    const on = `type=local,dest=${person.home}/handed-on,mounts=true`;
    const built = await second.build('--cache-from', name('cache'), '--cache-to', 'type=inline', '--cache-to', on);
    expect(built).toEqual({ ...made, ran: [] });
    expect(listing(join(person.home, 'handed-on'))).toMatch(/33\/44 .* x$/m);
    const layers = readdirSync(join(second.store, 'cache/layers')).filter((file) => file.endsWith('.tar'));
    expect(layers).toHaveLength(1); // the base, which is a tar
    // What was imported is believed where it is named, and only there.
    const { ran, warnings } = await second.build('--cache-from', `${registry.host}/none`);
    expect(ran).toEqual(['ran-build', 'ran-idle', 'ran-last']);
    expect(warnings).toEqual([expect.stringMatching(/^warning: --cache-from \S+\/none is not used: /)]);
  });

  test('mode=min and an image itself remember what led to the result', async () => {
    const manifest = JSON.parse(skopeo('inspect', '--raw', `oci:${person.home}/min:latest`));
    expect(manifest.layers.map(({ mediaType }: { mediaType: string }) => mediaType)).toEqual(
      Array(2).fill('application/vnd.oci.image.layer.v1.tar+zstd'),
    );
    const least = await machine(person, 'third').build('--cache-from', `type=local,src=${person.home}/min`);
    expect(least.ran).toEqual(['ran-build']);
    const image = await machine(person, 'fourth').build('--cache-from', `type=registry,ref=${name('app')}`);
    expect(image.ran).toEqual(['ran-build']);
    const config = JSON.parse(skopeo('inspect', '--config', '--raw', '--tls-verify=false', `docker://${name('app')}`));
    expect(config).toMatchObject({ os: 'linux', config: {}, 'vnd.pare.build-cache': { version: 1 } });
  });

  test('skopeo copies it; the content of cache mounts comes with owners and permissions', async () => {
    const [from, layout] = [`docker://${name('cache')}`, `oci:${person.home}/copied:latest`];
    skopeo('copy', '--all', '--src-tls-verify=false', from, layout);
    skopeo('copy', '--all', '--dest-tls-verify=false', layout, `docker://${name('again')}`);
    execFileSync('chown', ['-R', String(person.uid), join(person.home, 'copied')]);
    const fifth = machine(person, 'fifth');
    const flags = ['--no-cache-filter', 'build', '--cache-to', `type=local,dest=${person.home}/sent,mounts=kept`];
    const { ran } = await fifth.build('--cache-from', name('again'), ...flags);
    expect(ran).toEqual(['kept', 'ran-build']);
    expect(listing(join(person.home, 'sent'))).toMatch(/-rw-r----- 33\/44 +5 .* x$/m);
    expect((await fifth.build('--no-cache', '--cache-from', `type=local,src=${person.home}/copied`)).ran).toEqual([
      'kept',
      'ran-build',
      'ran-idle',
      'ran-last',
    ]);
  });

  test('what is kept takes what du says, and goes when nobody uses it', async () => {
    const usage = async (...args: readonly string[]) => {
      const { stdout, stderr, status } = await first.pare('cache', ...args, '--json');
      if (status !== 0) throw new Error(stderr);
      return JSON.parse(stdout) as Usage;
    };
    const { kept } = await usage('du');
    const kinds = new Set(kept.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['blob', 'layer', 'mount', 'snapshot', 'step']);
    const own = kept.filter(({ kind }) => kind !== 'blob');
    // Directories that hold the pieces, and locks.
    const around = onDisk(join(first.store, 'cache')) - own.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(around).toBeGreaterThanOrEqual(0);
    expect(around).toBeLessThan(20 * 4096);
    expect((await usage('prune', '--dry-run')).kept).toEqual(kept);
    expect((await usage('prune', '--filter', 'until=1h')).removed).toEqual([]);
    expect((await usage('prune', '--filter', 'type=mount')).removed).toMatchObject([{ description: 'kept' }]);
    expect((await first.build()).ran).toEqual([]);
    expect((await first.build('--no-cache-filter', 'build')).ran).toEqual(['ran-build']);
    expect((await usage('prune', '--max-used-space', '0')).kept.every(({ inUse }) => inUse)).toBe(true);
    expect((await first.build()).ran).toHaveLength(3);
  });

  test('a build goes on while everything that nobody uses is removed', async () => {
    const flags = ['--no-cache', '-f', join(person.home, 'slow')];
    await writeFile(join(person.home, 'slow'), DOCKERFILE.replace('echo ran-build', 'echo ran-build; sleep 2'));
    const building = first.build(...flags);
    const removed: string[] = [];
    for (let i = 0; i < 4; i++) {
      const { stdout } = await first.pare('cache', 'prune', '--all', '--json');
      removed.push(...(JSON.parse(stdout) as Usage).removed.map(({ kind }) => kind));
    }
    expect((await building).ran).toEqual(expect.arrayContaining(['ran-build', 'ran-idle', 'ran-last']));
    expect(removed).toContain('step');
    expect((await first.build('-f', join(person.home, 'slow'))).digest).toMatch(/^sha256:/);
    expect(await first.pare('verify', '--store')).toMatchObject({ status: 0 });
  });

  test.runIf(who === 'root')('a layout holds no more than what was sent there last', async () => {
    const layout = join(person.home, 'again');
    const blobs = () => readdirSync(join(layout, 'blobs/sha256')).length;
    await first.build('--cache-to', `type=local,dest=${layout},mode=max`);
    const before = blobs();
    await first.build('--no-cache', '--cache-to', `type=local,dest=${layout},mode=max`);
    expect(blobs()).toBe(before);
  });

  test.runIf(who === 'root')('what is damaged is not believed', async () => {
    const layout = join(person.home, 'damaged');
    await first.build('--cache-to', `type=local,dest=${layout},mode=max`);
    const { config, layers } = JSON.parse(skopeo('inspect', '--raw', `oci:${layout}:latest`));
    const file = (digest: string) => join(layout, 'blobs/sha256', digest.slice(7));
    for (const { digest } of layers) flip(file(digest));
    const damaged = machine(person, 'sixth').build('--cache-from', `type=local,src=${layout}`);
    await expect(damaged).rejects.toThrow(/is damaged: it has the digest/);
    flip(file(config.digest));
    const { ran, warnings } = await machine(person, 'sixth').build('--cache-from', `type=local,src=${layout}`);
    expect(ran).toHaveLength(3);
    expect(warnings).toEqual([expect.stringMatching(/is not used: sha256:.* is damaged/)]);
  });
});

interface Usage {
  readonly kept: readonly { readonly kind: string; readonly bytes: number; readonly inUse: boolean }[];
  readonly removed: readonly { readonly kind: string }[];
}

/** As du(1) counts, who may look everywhere. */
function onDisk(path: string): number {
  return Number.parseInt(execFileSync('du', ['-sB1', path], { encoding: 'utf8' }), 10);
}

/** Changes one byte in the middle. */
function flip(path: string): void {
  const bytes = readFileSync(path);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

/** Of the last layer of the cache in a layout, as tar(1) lists it. */
function listing(layout: string): string {
  const { layers } = JSON.parse(skopeo('inspect', '--raw', `oci:${layout}:latest`));
  const path = join(layout, 'blobs/sha256', layers.at(-1).digest.slice(7));
  return execFileSync('tar', ['-tvzf', path, '--numeric-owner'], { encoding: 'utf8' });
}
