/** What an image comes to, as lines and values that can be compared, whoever built it. @module */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../../../src/base/digest.ts';
import type { History, ImageConfig } from '../../../../src/formats/oci/types.ts';
import { EMPTY_CHANGESET } from '../../../../src/model/changeset.ts';
import type { LinkToken, Node } from '../../../../src/model/node.ts';
import { type Tree, walk } from '../../../../src/model/tree.ts';
import { readFileNode } from '../../../../src/ports/tree-files.ts';
import { openRoot } from '../../../../src/sources.ts';

export interface Facts {
  /** By path: kind, permissions, owner, time, what is in it. */
  readonly tree: Readonly<Record<string, string>>;
  /** The config document but for what names layers or says times. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What each entry says; with `+` before it where it has a layer that holds anything. */
  readonly history: readonly string[];
}

/** @param reference `oci:DIRECTORY` or `docker-archive:FILE` @param since seconds: a later time is only said to be new */
export async function factsOf(reference: string, store: string, since: number, form: Form = 'text'): Promise<Facts> {
  await using root = await openRoot(reference, { env: { PARE_HOME: store } });
  const { image, config } = root;
  if (image === undefined || config === undefined) throw new Error(`${reference} is no image`);
  const raw = reference.startsWith('oci:') ? documentOf(reference.slice('oci:'.length)) : config;
  const holds = image.layers.map(
    ({ changes }) => changes.root !== EMPTY_CHANGESET.root && changes.root.names.length > 0,
  );
  return { tree: await treeLines(await root.tree(), since, form), config: plainConfig(raw), history: told(raw, holds) };
}

/** The config as it is written, order of fields included. */
function documentOf(layout: string): ImageConfig {
  const read = (digest: string) => JSON.parse(readFileSync(join(layout, 'blobs', digest.replace(':', '/')), 'utf8'));
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
  let document = read(index.manifests[0].digest);
  while (document.manifests !== undefined) document = read(document.manifests[0].digest);
  return read(document.config.digest);
}

function plainConfig({ created: _, history: __, rootfs: ___, ...rest }: ImageConfig): Facts['config'] {
  return rest as unknown as Facts['config'];
}

function told({ history }: ImageConfig, holds: readonly boolean[]): readonly string[] {
  let layer = 0;
  return (history ?? []).map((entry: History) => {
    const mark = entry.empty_layer !== true && holds[layer++] ? '+ ' : '  ';
    const comment =
      entry.comment === 'buildkit.dockerfile.v0' || entry.comment === undefined ? '' : ` (${entry.comment})`;
    return `${mark}${entry.created_by ?? ''}${comment}`;
  });
}

/** How contents are told: short ones as they are, or all of them by size and digest. */
export type Form = 'text' | 'digest';

/** Of the root directory nothing is said: builders do not agree whether a layer speaks of it. */
export async function treeLines(tree: Tree, since: number, form: Form = 'text'): Promise<Facts['tree']> {
  const out: Record<string, string> = {};
  /** Of files that have several names: the first one, and what is in it. */
  const links = new Map<LinkToken, { readonly path: string; readonly body: string }>();
  for (const { path, node } of walk(tree)) {
    if (path === '/') continue;
    const { mode, uid, gid, xattrs } = node.meta;
    const time = node.mtime >= since ? 'new' : `@${node.mtime}`;
    const attributes = [...(xattrs ?? [])].map(([name, value]) => `${name}=${Buffer.from(value).toString('hex')}`);
    const bits = node.kind === 'symlink' ? 'any' : mode.toString(8).padStart(4, '0');
    const link = node.kind === 'dir' ? undefined : node.link;
    const first = link === undefined ? undefined : links.get(link);
    const body = first?.body ?? (await bodyOf(node, form));
    if (link !== undefined && first === undefined) links.set(link, { path, body });
    const words = [node.kind, bits, `${uid}:${gid}`, time, ...attributes, body];
    out[path] = [...words, first === undefined ? '' : `= ${first.path}`].filter((word) => word !== '').join(' ');
  }
  return out;
}

async function bodyOf(node: Node, form: Form): Promise<string> {
  switch (node.kind) {
    case 'file': {
      const bytes = Buffer.from(await readFileNode(node));
      const text = bytes.toString();
      return form === 'text' && /^[ -~\n\t]{0,300}$/.test(text)
        ? JSON.stringify(text)
        : `${bytes.length} ${digestOf(bytes).slice(7, 23)}`;
    }
    case 'symlink':
      return `-> ${node.target}`;
    case 'char':
    case 'block':
      return `${node.major}:${node.minor}`;
    default:
      return '';
  }
}

/** What was built upon a base: entries that are not the base's, or `gone`. */
export function above(tree: Facts['tree'], base: Facts['tree']): Facts['tree'] {
  const paths = [...new Set([...Object.keys(base), ...Object.keys(tree)])].sort();
  return Object.fromEntries(
    paths.flatMap((path) => (tree[path] === base[path] ? [] : [[path, tree[path] ?? 'gone'] as const])),
  );
}

/** A line for each difference; none where both are the same. */
export function factDifferences(wanted: Facts, got: Facts): readonly string[] {
  const out: string[] = [];
  for (const path of [...new Set([...Object.keys(wanted.tree), ...Object.keys(got.tree)])].sort()) {
    const [a, b] = [wanted.tree[path] ?? 'nothing', got.tree[path] ?? 'nothing'];
    if (a !== b) out.push(`${path}: ${b}, wanted ${a}`);
  }
  const configs = [flat(wanted.config), flat(got.config)] as const;
  for (const key of [...new Set(configs.flatMap((one) => [...one.keys()]))].sort()) {
    const [a, b] = configs.map((one) => one.get(key) ?? 'nothing');
    if (a !== b) out.push(`config ${key}: ${b}, wanted ${a}`);
  }
  for (let i = 0; i < Math.max(wanted.history.length, got.history.length); i++) {
    const [a, b] = [wanted.history[i] ?? 'nothing', got.history[i] ?? 'nothing'];
    if (a !== b) out.push(`history ${i}: ${b}, wanted ${a}`);
  }
  return out;
}

function flat(config: Facts['config']): ReadonlyMap<string, string> {
  const { config: inner, ...rest } = config;
  const entries = [...Object.entries(rest), ...Object.entries((inner ?? {}) as object)];
  return new Map(entries.map(([key, value]) => [key, JSON.stringify(sorted(value))]));
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
