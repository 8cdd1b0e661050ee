/**
 * `pare copy` against `skopeo copy`, start-up included: an archive as `docker save` writes it into an OCI layout with gzip layers;
 * and what needs no compression: layout to layout, layout to registry, registry to layout. The registry is Debian's
 * docker-registry on loopback, emptied before each round. Beside them what a bare Node.js program (`bench/bare`) takes for the same.
 *
 * Options: `--rounds N` (default 3); `--times N`: an image of so many times 300 MB (default 1; may be repeated).
 * @module
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type DockerRegistry, startDockerRegistry } from '../test/e2e/registry/docker-registry.ts';
import { BARE, barePrograms } from './lib/bare.ts';
import { type Contestant, compare, table } from './lib/compare.ts';
import { dockerArchive, layoutSize } from './lib/image.ts';
import { publishedPare } from './lib/published.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, times: { type: 'string', multiple: true } },
});

interface Place {
  readonly pare: string;
  readonly skopeo: string;
  /** Empties it, as a destination. */
  clear(): void;
  size?(): number;
}

interface Directory extends Place {
  readonly path: string;
}

/** What does the same with nothing around it. @param target an empty place for it */
type Least = (target: Directory) => Contestant;

async function measure(dir: string, pare: readonly string[], times: number, registry: DockerRegistry): Promise<void> {
  const bare = barePrograms(join(dir, `bare-${times}`));
  const work = join(dir, `${times}`);
  mkdirSync(work);
  const archive = await dockerArchive(work, times);
  const megabytes = (statSync(archive).size / 1e6).toFixed(0);
  const layout = (name: string): Directory => {
    const path = join(work, name);
    const reference = `oci:${path}:copied`;
    return {
      path,
      pare: reference,
      skopeo: reference,
      clear: () => rmSync(path, { recursive: true, force: true }),
      size: () => layoutSize(path),
    };
  };
  const remote = `docker://${registry.host}/bench:copied`;
  const inRegistry: Place = { pare: remote, skopeo: remote, clear: () => registry.clear() };
  const saved = `docker-archive:${archive}`;
  const source = layout('source');
  const run = (what: string, from: Pick<Place, 'pare' | 'skopeo'>, to: (name: string) => Place, least?: Least) => {
    const contestant = (name: string, command: readonly string[], end: 'pare' | 'skopeo'): Contestant => {
      const target = to(name);
      return {
        name: `${name} copy`,
        command: [...command, from[end], target[end]],
        env: { PARE_HOME: join(work, 'store') },
        prepare: () => target.clear(),
        ...(target.size === undefined ? {} : { size: target.size }),
      };
    };
    const insecure = ['--src-tls-verify=false', '--dest-tls-verify=false'];
    const skopeo = ['skopeo', '--insecure-policy', 'copy', '--quiet', ...insecure];
    const barest = least?.(layout('bare'));
    const rows = compare(
      [
        contestant('pare', pare, 'pare'),
        contestant('skopeo', skopeo, 'skopeo'),
        ...(barest === undefined ? [] : [barest]),
      ],
      Number(values.rounds),
    );
    console.log(`\n### ${what}, ${megabytes} MB uncompressed\n\n${table(rows)}`);
  };
  run('docker-archive → oci with gzip', { pare: saved, skopeo: saved }, layout);
  succeed([...pare, saved, source.pare]);
  rmSync(archive);
  run('oci → oci', source, layout);
  run(
    'oci → registry',
    source,
    () => inRegistry,
    () => ({
      name: BARE,
      command: [...bare('push'), source.path, `${registry.host}/bench:copied`],
      prepare: () => inRegistry.clear(),
    }),
  );
  registry.clear();
  succeed([...pare, source.pare, remote]);
  run('registry → oci', inRegistry, layout, (target) => ({
    name: BARE,
    command: [...bare('pull'), `${registry.host}/bench:copied`, target.path],
    prepare: () => target.clear(),
  }));
  rmSync(work, { recursive: true });
}

function succeed([program = '', ...args]: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

const dir = mkdtempSync(join(tmpdir(), 'pare-bench-copy-'));
try {
  const pare = [...publishedPare(join(dir, 'published')), 'copy', '--quiet'];
  await using registry = await startDockerRegistry();
  for (const times of values.times ?? ['1']) await measure(dir, pare, Number(times), registry);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
