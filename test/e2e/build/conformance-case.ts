/** One case of buildah's conformance tests: built by pare, and compared with the tree and config that the case wants. @module */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOf } from '../../../src/base/digest.ts';
import type { RunConfig } from '../../../src/formats/oci/types.ts';
import type { LinkToken, Node } from '../../../src/model/node.ts';
import { type Tree, walk } from '../../../src/model/tree.ts';
import { openBuilding } from '../../../src/operations/build/build.ts';
import { readFileNode } from '../../../src/ports/tree-files.ts';
import { openSink } from '../../../src/sinks.ts';
import { openRoot } from '../../../src/sources.ts';
import { machinePlatform } from '../../../src/system/machine.ts';
import { saveImage } from '../../../src/transforms/save/save.ts';

export interface Case {
  readonly id: string;
  readonly buildArgs: Readonly<Record<string, string>> | null;
  readonly fsSkip: readonly string[] | null;
  readonly shouldFailAt: number;
  /** What the Dockerfile is called in the context. */
  readonly dockerfile: string;
  readonly golden: string;
}

/** As the golden files have it. */
interface GoldenEntry {
  readonly path: string;
  readonly mtime: number;
  readonly sameInodeAs?: string;
  readonly xattrs?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

interface Golden {
  readonly rc: number;
  readonly tree?: readonly GoldenEntry[];
  readonly config?: RunConfig;
}

export interface Built {
  readonly tree: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly config: RunConfig;
}

/** The goldens were made then: what bears a later time was made by the build. */
const GOLDENS_MADE = 1_795_345_000;

/** What buildah leaves of a RUN in the layer, and neither Docker nor pare does: places for mounts. */
const RESIDUE: ReadonlySet<string> = new Set([
  ...['dev', 'proc', 'run', 'sys', 'etc'],
  ...['etc/hostname', 'etc/hosts', 'etc/resolv.conf'],
]);

/** Every name that the cases give their bases; the stand-in is all of them. */
export const BASES = [
  'mirror.gcr.io/busybox',
  'mirror.gcr.io/alpine',
  'quay.io/libpod/centos:7',
  'mirror.gcr.io/busybox@sha256:9ae97d36d26566ff84e8893c64a6dc4fe8ca6d1144bf5b87b2b85a32def253c7',
];

const PARE = fileURLToPath(new URL('../../../bin/pare.js', import.meta.url));

/** The stand-in as the image that the goldens were built on. @returns its reference */
export async function makeBase(rootfs: string, directory: string): Promise<string> {
  const env = { PARE_HOME: join(directory, 'store') };
  await using root = await openRoot(`tar:${rootfs}`, { env });
  const reference = `oci:${join(directory, 'base')}`;
  await using sink = await openSink(reference, { env });
  const config = { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['sh'] };
  const layers = [{ kind: 'made', content: await root.tree() }] as const;
  await saveImage({ platform: machinePlatform(), config, layers }, sink);
  return reference;
}

/** @throws ImageError what the build throws */
export async function buildCase(one: Case, cases: string, directory: string, base: string): Promise<Built> {
  const context = join(directory, one.id);
  mkdirSync(context, { recursive: true });
  execFileSync('tar', [
    '--xattrs',
    '--xattrs-include=*',
    '--same-owner',
    '-xpf',
    `${cases}/${one.id}/context.tar`,
    '-C',
    context,
  ]);
  // The goldens were made with the Dockerfile in the context, where a case brings none of its own.
  const own = join(context, one.dockerfile);
  if (!existsSync(own)) {
    copyFileSync(`${cases}/${one.id}/Dockerfile.case`, own);
    chmodSync(own, 0o644);
  }
  try {
    await using building = await openBuilding(
      {
        context,
        file: `${cases}/${one.id}/Dockerfile.case`,
        target: undefined,
        platforms: [machinePlatform()],
        args: new Map(Object.entries(one.buildArgs ?? {})),
        contexts: new Map(BASES.map((name) => [name, base])),
        noCache: [],
        pull: false,
        secrets: new Map(),
        ssh: new Map(),
        network: 'host',
        hostname: 'buildkitsandbox',
        extraHosts: [],
        shmSize: undefined,
        ulimits: [],
        allows: new Set(),
        runtime: undefined,
        squash: false,
        labels: {},
        annotations: [],
        epoch: undefined,
        helperCommand: [process.execPath, PARE, 'step-helper'],
        report: () => undefined,
      },
      { env: { PARE_HOME: join(directory, 'store') } },
    );
    const [image] = building.images;
    if (image === undefined) throw new Error('nothing was built');
    return { tree: await described(await image.tree()), config: image.config };
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

async function described(tree: Tree): Promise<Built['tree']> {
  const out = new Map<string, Record<string, unknown>>();
  /** Of files that have several names: the first one, and what is in it. */
  const links = new Map<LinkToken, { readonly path: string; readonly body: Readonly<Record<string, unknown>> }>();
  for (const { path: full, node } of walk(tree)) {
    if (full === '/') continue;
    const path = full.slice(1);
    const { mode, uid, gid, xattrs } = node.meta;
    const entry: Record<string, unknown> = {
      mode: mode.toString(8).padStart(4, '0'),
      uid,
      gid,
      mtime: node.mtime,
      type: node.kind === 'char' || node.kind === 'block' ? 'device' : node.kind,
    };
    if (xattrs !== undefined && xattrs.size > 0) {
      entry['xattrs'] = Object.fromEntries(
        [...xattrs].map(([name, value]) => [name, Buffer.from(value).toString('hex')]),
      );
    }
    if (node.kind === 'symlink') entry['linkname'] = node.target;
    const link = node.kind === 'dir' ? undefined : node.link;
    const first = link === undefined ? undefined : links.get(link);
    const body = first?.body ?? (await bodyOf(node));
    if (link !== undefined && first === undefined) links.set(link, { path, body });
    if (first !== undefined) entry['sameInodeAs'] = first.path;
    out.set(path, { ...entry, ...body });
  }
  return out;
}

async function bodyOf(node: Node): Promise<Readonly<Record<string, unknown>>> {
  if (node.kind !== 'file') return {};
  return { size: node.content.size, sha256: digestOf(await readFileNode(node)).slice(7) };
}

/** What differs from the golden, a line each; none where nothing does. */
export function differences(one: Case, built: Built, cases: string): readonly string[] {
  const golden = JSON.parse(readFileSync(`${cases}/${one.id}/golden.json`, 'utf8')) as Golden;
  const skips = (one.fsSkip ?? []).map(skipOf);
  const out: string[] = [];
  const paths = new Set([...(golden.tree ?? []).map(({ path }) => path), ...built.tree.keys()]);
  const wanted = new Map((golden.tree ?? []).map((entry) => [entry.path, entry]));
  for (const path of [...paths].sort()) {
    if (skips.some((skip) => skip.field === undefined && (path === skip.path || path.startsWith(`${skip.path}/`))))
      continue;
    const want = wanted.get(path);
    const got = built.tree.get(path);
    if (got === undefined && RESIDUE.has(path)) continue;
    if (want === undefined || got === undefined) {
      out.push(`${path}: ${want === undefined ? 'is too much' : 'is missing'}`);
      continue;
    }
    const { path: _, ...fields } = want;
    for (const field of new Set([...Object.keys(fields), ...Object.keys(got)])) {
      if (field === 'mtime' && (want.mtime >= GOLDENS_MADE || basename(path) === 'Dockerfile')) continue;
      if (skips.some((skip) => skip.path === path && skip.field === field)) continue;
      const [a, b] = [JSON.stringify(fields[field]), JSON.stringify(got[field])];
      if (a !== b) out.push(`${path}: ${field} is ${b}, wanted ${a}`);
    }
  }
  return [...out, ...configDifferences(golden.config ?? {}, built.config)];
}

/** `(dir):usr:(dir):bin:mtime`: of usr/bin the time; `(dir):dir`: all of dir. */
function skipOf(text: string): { readonly path: string; readonly field: string | undefined } {
  const names = text.split(':').filter((name) => name !== '(dir)');
  const last = names.at(-1) ?? '';
  const field = ['mtime', 'mode', 'uid', 'gid', 'size'].includes(last) ? last : undefined;
  return { path: (field === undefined ? names : names.slice(0, -1)).join('/'), field };
}

const FIELDS = [
  ...(['Env', 'Cmd', 'Entrypoint', 'WorkingDir', 'User', 'Volumes', 'ExposedPorts', 'Labels'] as const),
  ...(['StopSignal', 'Healthcheck', 'Shell', 'OnBuild'] as const),
];

function configDifferences(golden: RunConfig, built: RunConfig): readonly string[] {
  return FIELDS.flatMap((field) => {
    const [want, got] = [plain(golden[field]), plain(built[field])];
    return want === got ? [] : `config: ${field} is ${got}, wanted ${want}`;
  });
}

/** Empty values are absent ones, and `/` is where one is in any case; buildah's own label does not count. */
function plain(value: unknown): string {
  if (value === undefined || value === null || value === '' || value === '/') return 'absent';
  if (Array.isArray(value)) return value.length === 0 ? 'absent' : JSON.stringify(value);
  if (typeof value !== 'object') return JSON.stringify(value);
  const fields = Object.entries(value).filter(([key]) => key !== 'io.buildah.version');
  return fields.length === 0 ? 'absent' : JSON.stringify(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
}
