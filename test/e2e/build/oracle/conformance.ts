/** Buildah's conformance cases for any builder, and their goldens in the words of {@link Facts}. @module */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunConfig } from '../../../../src/formats/oci/types.ts';
import { BASES, type Case } from '../conformance-case.ts';
import type { LaidCase } from './case.ts';
import type { Facts } from './facts.ts';

/** What an image is by the golden, or by a builder: paths and fields of the config, none of them times. */
export type Sides = ReadonlyMap<string, string>;

/** @param base OCI layout of the stand-in */
export function layOutCase(one: Case, cases: string, directory: string, base: string): LaidCase {
  const context = join(directory, one.id, 'context');
  mkdirSync(context, { recursive: true });
  const options = ['--xattrs', '--xattrs-include=*', '--same-owner', '-xpf'];
  execFileSync('tar', [...options, `${cases}/${one.id}/context.tar`, '-C', context]);
  const own = join(context, one.dockerfile);
  const given = `${cases}/${one.id}/Dockerfile.case`;
  if (!existsSync(own)) {
    copyFileSync(given, own);
    chmodSync(own, 0o644);
  }
  const dockerfile = join(directory, one.id, 'Dockerfile');
  // A daemon has its images by names alone, and fetches what `# syntax=` names.
  const text = readFileSync(given, 'utf8').replace(/@sha256:[0-9a-f]{64}/g, '');
  writeFileSync(dockerfile, text.replace(/^# ?syntax=.*\n/m, ''));
  return {
    name: one.id,
    context,
    dockerfile,
    args: one.buildArgs ?? {},
    target: undefined,
    contexts: new Map(BASES.map((name) => [name.replace(/@.*/, ''), { kind: 'layout', path: base }] as const)),
    secrets: {},
    labels: {},
  };
}

interface GoldenEntry {
  readonly path: string;
  readonly type: string;
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly size?: number;
  readonly sha256?: string;
  readonly linkname?: string;
  readonly sameInodeAs?: string;
  readonly xattrs?: Readonly<Record<string, string>>;
}

/** Undefined where there is none. */
export function goldenSides(one: Case, cases: string): Sides | undefined {
  const path = `${cases}/${one.id}/golden.json`;
  if (!existsSync(path)) return undefined;
  const golden = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly tree?: readonly GoldenEntry[];
    readonly config?: RunConfig;
  };
  if (golden.tree === undefined) return undefined;
  return new Map([
    ...golden.tree.map((entry) => [`/${entry.path}`, lineOf(entry)] as const),
    ...configSides(golden.config ?? {}),
  ]);
}

function lineOf({ type, mode, uid, gid, size, sha256, linkname, sameInodeAs, xattrs }: GoldenEntry): string {
  const attributes = Object.entries(xattrs ?? {}).map(([name, value]) => `${name}=${value}`);
  const body = sha256 === undefined ? '' : `${size} ${sha256.slice(0, 16)}`;
  const target = linkname === undefined ? '' : `-> ${linkname}`;
  const link = sameInodeAs === undefined ? '' : `= /${sameInodeAs}`;
  const words = [type, type === 'symlink' ? 'any' : mode, `${uid}:${gid}`, ...attributes, body, target, link];
  return words.filter((word) => word !== '').join(' ');
}

export function factSides({ tree, config }: Facts): Sides {
  const lines = Object.entries(tree).map(([path, line]) => [path, line.replace(/ (?:new|@-?\d+)\b/, '')] as const);
  return new Map([...lines, ...configSides((config['config'] ?? {}) as RunConfig)]);
}

const FIELDS = [
  ...(['Env', 'Cmd', 'Entrypoint', 'WorkingDir', 'User', 'Volumes', 'ExposedPorts', 'Labels'] as const),
  ...(['StopSignal', 'Healthcheck', 'Shell', 'OnBuild'] as const),
];

function configSides(config: RunConfig): readonly (readonly [string, string])[] {
  return FIELDS.flatMap((field) => {
    const text = plain(config[field]);
    return text === undefined ? [] : [[`config ${field}`, text] as const];
  });
}

/** Empty values are absent ones, and `/` is where one is in any case; buildah's own label does not count. */
function plain(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '' || value === '/') return undefined;
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return value.length === 0 ? undefined : JSON.stringify(value);
  const fields = Object.entries(value).filter(([key]) => key !== 'io.buildah.version');
  return fields.length === 0 ? undefined : JSON.stringify(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
}
