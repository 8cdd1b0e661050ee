/**
 * What a step's mounts are made of: directories that are there for it, mounts that the helper makes for the step, and mounts that
 * the runtime makes in the sandbox.
 * @module
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ImageError } from '../../base/errors.ts';
import { isWithin, splitPath } from '../../base/path.ts';
import { resolve } from '../../model/resolve.ts';
import type { Tree } from '../../model/tree.ts';
import type { BindMount, StepMount, StepRoot } from '../../ports/build-steps.ts';
import type { Run } from '../../ports/run.ts';
import type { MountRequest } from '../../system/linux.ts';
import type { Mount } from '../runtime-spec.ts';
import { agentSocket } from './agent.ts';
import { holdCache } from './cache-mounts.ts';
import { withFewLayers } from './few-layers.ts';
import type { OverlayForm } from './form.ts';
import type { Hands } from './hands.ts';
import type { HelperFile, HelperOwner } from './helper/protocol.ts';
import { emptyLayer, overlayLayer } from './lower.ts';
import type { Place } from './places.ts';
import type { Snapshots } from './snapshots.ts';
import type { LowerLayer } from './snapshotter.ts';
import { type MountPoint, mountPointsMissing } from './stubs.ts';

export interface Workshop {
  readonly snapshots: Snapshots;
  /** Of cache mounts. */
  readonly caches: string;
  readonly hands: Hands;
  readonly form: OverlayForm;
}

/** Gathers what one step needs. */
export interface Preparation {
  readonly place: Place;
  /** What has to be let go of when the step has ended. */
  readonly stack: AsyncDisposableStack;
  readonly run: Run;
  readonly mounts: MountRequest[];
  readonly files: HelperFile[];
  readonly owners: HelperOwner[];
  /** For the runtime. */
  readonly shown: Mount[];
  readonly variables: string[];
}

/** Where, in its place, a step has what must not come to a disk. */
export const SCRATCH = 'private';

/** Places in the sandbox where something is mounted that the image need not have, parents first. */
export function mountPoints(mounts: readonly StepMount[], paths: readonly string[]): readonly MountPoint[] {
  const system = ['/proc', '/sys', '/dev'].map((path) => ({ path, kind: 'dir' }) as const);
  const supplied = paths.map((path) => ({ path, kind: 'file' }) as const);
  const own = mounts.flatMap((mount): readonly MountPoint[] => {
    if (mount.kind === 'secret-env') return [];
    const { path } = mount;
    if (mount.kind === 'tmpfs') return [{ path, kind: 'dir', mode: 0o1777 }];
    return [{ path, kind: mount.kind === 'cache' || isDirectory(mount) ? 'dir' : 'file' }];
  });
  return [...system, ...supplied, ...own].sort((a, b) => splitPath(a.path).length - splitPath(b.path).length);
}

function isDirectory(mount: StepMount): boolean {
  return mount.kind === 'bind' && sourceOf(mount).node.kind === 'dir';
}

function sourceOf({ from, source, path }: BindMount) {
  const found = resolve(from.tree, source);
  if (found.kind === 'found') return found;
  throw new ImageError('NOT_FOUND', `nothing at ${source} to mount at ${path}: ${found.at} is not there`);
}

/**
 * An overlay of a root's layers, with places to mount at, and above them a directory for what is written.
 * @param name of what is made in the step's place
 * @returns the mount's path, relative to the directory of snapshots
 */
export async function overlayOf(
  root: StepRoot,
  options: { readonly name: string; readonly points: readonly MountPoint[]; readonly readOnly: boolean },
  prepared: Preparation,
  { snapshots, hands, form }: Workshop,
): Promise<string> {
  const { place, stack, run, mounts } = prepared;
  const { name, points, readOnly } = options;
  const make = async (suffix: string, tree?: Tree): Promise<string> => {
    const path = join(place.path, name + suffix);
    mkdirSync(path, { mode: 0o700 });
    if (tree !== undefined) await hands.write(tree, path, run);
    return join(place.name, name + suffix);
  };
  const held = stack.use(await snapshots.hold(withFewLayers(root), run));
  const missing = mountPointsMissing(root.tree, points);
  const lower = held.layers.map((layer, i) => lowerPath(layer, `${name}-l${i}`, prepared)).reverse();
  // A layer with the root directory alone does where there is none at all.
  if (missing.root.names.length > 0 || lower.length === 0) {
    lower.unshift(await make('-points', overlayLayer(missing, root.tree, form)));
  }
  const target = await make('-root');
  if (readOnly && lower.length === 1) {
    mounts.push({ type: 'none', source: lower[0] as string, target, flags: ['bind'], data: '' });
    return target;
  }
  const upper = readOnly ? undefined : ([await make('', emptyLayer(root.tree)), await make('-work')] as const);
  mounts.push({ type: 'overlay', source: 'overlay', target, flags: [], data: overlayOptions(lower, upper, form) });
  return target;
}

/** Where the layer is, or will be when the helper has mounted it. */
function lowerPath(layer: LowerLayer, name: string, { place, mounts }: Preparation): string {
  if (layer.kind === 'directory') return layer.path;
  const target = join(place.name, name);
  mkdirSync(join(place.path, name), { mode: 0o700 });
  mounts.push({ ...layer.mount, target });
  return target;
}

/** Nothing that depends on how the kernel was built; and no waiting for the disk, since whoever is killed begins anew. */
function overlayOptions(
  lower: readonly string[],
  upper: readonly [string, string] | undefined,
  { marks }: OverlayForm,
): string {
  const layers = [`lowerdir=${lower.join(':')}`];
  if (upper !== undefined) layers.push(`upperdir=${upper[0]}`, `workdir=${upper[1]}`, 'volatile');
  const user = marks === 'user.overlay.' ? ['userxattr'] : [];
  return [...layers, 'redirect_dir=nofollow', 'metacopy=off', 'index=off', 'xino=off', ...user].join(',');
}

/** @throws ImageError NOT_FOUND where what is to be shown is not there */
export async function prepareMount(
  mount: StepMount,
  index: number,
  all: readonly StepMount[],
  prepared: Preparation,
  workshop: Workshop,
): Promise<void> {
  const { place, stack, run, files, shown, variables, owners } = prepared;
  const absolute = (path: string) => join(workshop.snapshots.directory, path);
  switch (mount.kind) {
    case 'bind': {
      const { path } = sourceOf(mount);
      const points = pointsInside(mount, path, all);
      const root = await overlayOf(
        mount.from,
        { name: `m${index}`, points, readOnly: mount.readOnly },
        prepared,
        workshop,
      );
      shown.push(bind(absolute(join(root, path)), mount.path, mount.readOnly));
      return;
    }
    case 'cache': {
      const cache = stack.use(await holdCache(workshop.caches, mount, workshop.hands, run));
      shown.push(bind(cache.path, mount.path, mount.readOnly));
      return;
    }
    case 'tmpfs': {
      const size = mount.size === undefined ? [] : [`size=${mount.size}`];
      shown.push({ destination: mount.path, type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', ...size] });
      return;
    }
    case 'secret': {
      const { mode, uid, gid, bytes } = mount;
      const path = join(place.name, SCRATCH, `secret-${index}`);
      files.push({ path, mode, uid, gid, content: Buffer.from(bytes).toString('base64') });
      shown.push(bind(absolute(path), mount.path, true));
      return;
    }
    case 'secret-env':
      variables.push(`${mount.name}=${mount.value}`);
      return;
    case 'ssh': {
      const socket = stack.use(await agentSocket(mount.socket, place.path, index));
      const { mode, uid, gid } = mount;
      owners.push({ path: socket.path, mode, uid, gid });
      shown.push(bind(socket.path, mount.path, false));
      return;
    }
  }
}

/** Places inside what is mounted at which other mounts go, by their paths in its own root. */
function pointsInside(outer: BindMount, source: string, all: readonly StepMount[]): readonly MountPoint[] {
  const inside = mountPoints(all, []).filter(({ path }) => path !== outer.path && isWithin(path, outer.path));
  return inside.map((point) => ({ ...point, path: join(source, point.path.slice(outer.path.length)) }));
}

function bind(source: string, destination: string, readOnly: boolean): Mount {
  return { destination, type: 'bind', source, options: ['rbind', 'rprivate', readOnly ? 'ro' : 'rw'] };
}
