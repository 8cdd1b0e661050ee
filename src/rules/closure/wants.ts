/** From what a rule wants to what stands in the source for it. Reads and decides nothing else. @module */
import { cleanPath, dirname, joinPath } from '../../base/path.ts';
import type { DirInfo, Leaf, NodeInfo } from '../../model/node.ts';
import type { Resolution } from '../../model/resolve.ts';
import { findProgram } from '../programs.ts';
import type { Facts, Use, Want } from '../rule.ts';
import { hasAccount } from './accounts.ts';
import type { Loading } from './loading.ts';
import type { Subjects } from './subjects.ts';
import { walkTree } from './walk.ts';

/** One thing of the source that a want leads to. */
export interface Place {
  /** Physical path. */
  readonly path: string;
  readonly node: NodeInfo;
  /** Of a regular file. */
  readonly use: Use | undefined;
  /** The path by which it was asked for. */
  readonly as: string;
}

export interface MadeThing {
  readonly path: string;
  readonly node: Leaf | DirInfo;
}

export type Outcome =
  | {
      readonly met: true;
      readonly places: readonly Place[];
      readonly made: readonly MadeThing[];
      readonly account?: { readonly kind: 'user' | 'group'; readonly name: string };
    }
  | { readonly met: false; readonly tried: readonly string[] };

export interface WantContext {
  readonly facts: Facts;
  readonly loading: Loading;
  readonly subjects: Subjects;
  readonly purpose: 'make' | 'check';
}

/** @param process the program in whose process the wish arises; undefined for the image's own wishes */
export async function resolveWant(context: WantContext, want: Want, process: string | undefined): Promise<Outcome> {
  switch (want.kind) {
    case 'path':
      return resolvePath(context, want.path, want.use);
    case 'tree':
      return resolveTree(context, want);
    case 'program':
      return resolveProgram(context, want.name);
    case 'library':
      return resolveLibrary(context, want.name, want.by, process);
    case 'first':
      return resolveFirst(context, want.of, process);
    case 'made':
      return resolveMade(context, want.path, want.node);
    case 'directory':
      return resolveDirectory(context, want.path, want.info);
    case 'user':
    case 'group':
      return resolveAccount(context, want.kind, want.name);
  }
}

/** The links that were followed on the way, as places of their own. */
function linksOf(found: Resolution, as: string): Place[] {
  return found.hops.map(({ path, node }) => ({ path, node, use: undefined, as }));
}

async function useAt(context: WantContext, path: string, node: NodeInfo, known: Use | undefined) {
  if (node.kind !== 'file') return undefined;
  return known ?? context.subjects.useOf(path, node);
}

async function resolvePath(context: WantContext, path: string, use: Use | undefined): Promise<Outcome> {
  const found = await context.facts.files.resolve(path);
  if (found.kind === 'missing') return { met: false, tried: [path] };
  const { path: physical, node } = found;
  const last: Place = { path: physical, node, use: await useAt(context, physical, node, use), as: path };
  return { met: true, places: [...linksOf(found, path), ...(await steppedThrough(context, path)), last], made: [] };
}

/** The kernel walks `/a/b/../c` through `/a/b`: a directory that is left again by `..` has to be there. */
async function steppedThrough(context: WantContext, path: string): Promise<Place[]> {
  const places: Place[] = [];
  for (const { index } of path.matchAll(/\/\.\.(?=\/|$)/g)) {
    const found = await context.facts.files.resolve(path.slice(0, index));
    if (found.kind === 'missing') continue;
    places.push(...linksOf(found, path), { path: found.path, node: found.node, use: undefined, as: path });
  }
  return places;
}

async function resolveTree(context: WantContext, want: Extract<Want, { kind: 'tree' }>): Promise<Outcome> {
  const found = await context.facts.files.resolve(want.path);
  if (found.kind === 'missing') return { met: false, tried: [want.path] };
  if (found.node.kind !== 'dir') return resolvePath(context, want.path, want.use);
  const places: Place[] = linksOf(found, want.path);
  for await (const { path, node } of walkTree(context.facts.files, found.path, want.include)) {
    places.push({ path, node, use: await useAt(context, path, node, want.use), as: path });
  }
  return { met: true, places, made: [] };
}

async function resolveProgram(context: WantContext, name: string): Promise<Outcome> {
  const { files, env, config } = context.facts;
  const found = await findProgram(files, name, { path: env['PATH'] ?? '', workdir: config.WorkingDir });
  if (!found.found) return { met: false, tried: found.tried };
  if (name.includes('/')) return resolvePath(context, found.as, 'program');
  const links = found.hops.map(({ path, node }) => ({ path, node, use: undefined, as: found.as }));
  const last: Place = { path: found.path, node: found.node, use: 'program', as: found.as };
  return { met: true, places: [...links, last], made: [] };
}

async function resolveLibrary(
  context: WantContext,
  name: string,
  by: string,
  process: string | undefined,
): Promise<Outcome> {
  const { objects, missing } = await context.loading.named(name, by, process ?? by);
  const opened = objects.find((one) => one.via === 'dlopen');
  if (opened !== undefined) return resolvePath(context, opened.path, 'module');
  return { met: false, tried: missing.flatMap((one) => one.tried) };
}

async function resolveFirst(
  context: WantContext,
  wants: readonly Want[],
  process: string | undefined,
): Promise<Outcome> {
  const tried: string[] = [];
  for (const want of wants) {
    const outcome = await resolveWant(context, want, process);
    if (outcome.met) return outcome;
    tried.push(...outcome.tried);
  }
  return { met: false, tried };
}

/** A file that stands there already is replaced; a link in its place as well. */
async function resolveMade(context: WantContext, path: string, node: Leaf): Promise<Outcome> {
  if (context.purpose === 'check') return resolvePath(context, path, 'data');
  const parent = await context.facts.files.resolve(dirname(cleanPath(path)));
  const at = joinPath(placeOf(parent), path.slice(path.lastIndexOf('/') + 1));
  return { met: true, places: linksOf(parent, path), made: [{ path: at, node }] };
}

async function resolveDirectory(context: WantContext, path: string, info: DirInfo): Promise<Outcome> {
  const found = await context.facts.files.resolve(path);
  const inTheWay = found.kind === 'found' ? found.node.kind !== 'dir' : found.why !== 'absent';
  if (inTheWay || (context.purpose === 'check' && found.kind === 'missing')) return { met: false, tried: [path] };
  if (context.purpose === 'check') return { met: true, places: [], made: [] };
  return { met: true, places: linksOf(found, path), made: [{ path: placeOf(found), node: info }] };
}

/** Where the path ends, or would end once what is missing of it is made. */
function placeOf(found: Resolution): string {
  return found.kind === 'found' ? found.path : joinPath(found.at, found.rest.join('/'));
}

async function resolveAccount(context: WantContext, kind: 'user' | 'group', name: string): Promise<Outcome> {
  const account = { kind, name };
  if (context.purpose === 'make') return { met: true, places: [], made: [], account };
  const file = kind === 'user' ? '/etc/passwd' : '/etc/group';
  const known = hasAccount((await context.facts.text(file)) ?? '', name);
  return known ? { met: true, places: [], made: [] } : { met: false, tried: [file] };
}
