/** The closure of what the request names: over the source alone, or over a base with the source behind it. @module */
import { ImageError } from '../../base/errors.ts';
import { compileGlob } from '../../base/glob.ts';
import { computeClosure } from '../../rules/closure/engine.ts';
import type { Closure, Seed } from '../../rules/closure/types.ts';
import type { Place } from '../../rules/closure/wants.ts';
import { createFacts } from '../../rules/facts.ts';
import { neverByContent, neverByPath } from '../../rules/never.ts';
import type { Facts } from '../../rules/rule.ts';
import { type Overlay, overlayFiles } from './overlay.ts';
import { type Named, seedsOf } from './seeds.ts';
import type { PackBase, PackRequest } from './types.ts';

export interface Closed {
  readonly closure: Closure;
  /** Of what the closure looked at: the source, or the base with the source behind it. */
  readonly facts: Facts;
  /** Path in the source; undefined for what is the base's. */
  originOf(path: string): string | undefined;
}

/**
 * @param source facts of the source, under the config of the image to be
 * @param more seeds beside those of what is named
 */
export async function closeOver(
  request: PackRequest,
  source: Facts,
  named: readonly Named[],
  more: readonly Seed[],
): Promise<Closed> {
  const { base } = request;
  if (base !== undefined) return closeOverBase(request, source, { named, more, base });
  const closure = await closureOf(request, source, named, [...(await seedsOf(source, named)), ...more]);
  return { closure, facts: source, originOf: (path) => path };
}

/** How often a library of the base that is too old is replaced and everything looked at again. */
const ROUNDS = 8;

async function closeOverBase(
  request: PackRequest,
  source: Facts,
  { named, more, base }: { named: readonly Named[]; more: readonly Seed[]; base: PackBase },
): Promise<Closed> {
  const preferred = new Set(named.flatMap(({ path, physical }) => [path, physical]));
  const replacing: Seed[] = [];
  for (let round = 0; ; round++) {
    const overlay = overlayFiles(base.tree, source.files, new Set(preferred));
    const facts: Facts = { ...createFacts(overlay.files, source), env: source.env, packages: source.packages };
    const seeds = [...(await seedsOf(facts, named)), ...more, ...replacing];
    const closure = await closureOf(request, facts, named, seeds);
    const newer = round < ROUNDS ? await tooOld(closure, overlay, source) : new Map<string, string>();
    if (newer.size === 0) return { closure, facts, originOf: overlay.originOf };
    for (const [path, because] of newer) {
      preferred.add(path);
      replacing.push({ rule: 'base', want: { kind: 'path', path }, strength: 'required', because });
    }
  }
}

/**
 * Libraries of the base that lack versions which the programs want, and the rest of their packages as far as the base has
 * it: parts of one build of a C library do not work with parts of another.
 */
async function tooOld(closure: Closure, overlay: Overlay, source: Facts): Promise<Map<string, string>> {
  const newer = new Map<string, string>();
  for (const { provider, version, object } of closure.loads.flatMap(({ result }) => result.missingVersions)) {
    const own = await source.files.resolve(provider);
    if (overlay.originOf(provider) !== undefined || own.kind === 'missing') continue;
    newer.set(provider, `replaces the base's, which lacks ${version} that ${object} wants`);
    const packages = await source.packages();
    const owner = await packages.owner(own.path);
    for (const path of owner === undefined ? [] : await packages.filesOf(owner.name)) {
      const below = await overlay.files.resolve(path);
      if (below.kind === 'missing' || below.node.kind === 'dir' || overlay.originOf(below.path) !== undefined) continue;
      if (!newer.has(below.path)) newer.set(below.path, `belongs to the same build as ${provider}, which is replaced`);
    }
  }
  return newer;
}

async function closureOf(
  request: PackRequest,
  facts: Facts,
  named: readonly Named[],
  seeds: readonly Seed[],
): Promise<Closure> {
  const excluded = request.exclude.map(compileGlob);
  const closure = await computeClosure({
    facts,
    rules: request.rules,
    seeds,
    purpose: 'make',
    forced: request.forced,
    suggested: request.suggested,
    excluded: (path) => excluded.some((matches) => matches(path)),
    denied: denial(facts, named),
  });
  const wishes = new Set(named.map(({ because }) => because));
  for (const { reason, tried } of closure.unmet) {
    if (reason.from !== undefined || !wishes.has(reason.because)) continue;
    throw new ImageError('NOT_FOUND', `${tried[0]} ${reason.because}, and is a link that leads nowhere`);
  }
  return closure;
}

/** The list of what never goes in by itself, kept in mind: many rules ask for the same files. */
function denial({ files }: Facts, named: readonly Named[]): (place: Place) => Promise<string | undefined> {
  const byPath = neverByPath(named.filter(({ rule }) => rule === 'program').map(({ physical }) => physical));
  const byContent = new Map<string, Promise<string | undefined>>();
  return async ({ path, node, use }) => {
    const listed = byPath(path);
    if (listed !== undefined || node.kind !== 'file' || use !== 'data') return listed;
    const known = byContent.get(path) ?? neverByContent(files, node);
    byContent.set(path, known);
    return known;
  };
}
