/**
 * From programs to the root filesystem that runs them: gather facts (the closure), plan, apply, and judge the outcome by the
 * same rules before anybody writes it.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { compileGlob } from '../../base/glob.ts';
import type { RunConfig } from '../../formats/oci/types.ts';
import type { DirInfo } from '../../model/node.ts';
import type { Tree } from '../../model/tree.ts';
import { treeFiles } from '../../ports/tree-files.ts';
import { computeClosure } from '../../rules/closure/engine.ts';
import type { Closure, Seed } from '../../rules/closure/types.ts';
import { judge } from '../../rules/closure/verdict/verdict.ts';
import { createFacts } from '../../rules/facts.ts';
import type { Facts } from '../../rules/rule.ts';
import { applyPlan, newestTime } from './apply.ts';
import { libraryCache } from './library-cache.ts';
import { withAccounts, withOwners } from './made.ts';
import { gatherNames } from './names.ts';
import { type Plan, parentsOf, planPack } from './plan.ts';
import { homeSeed, type Named, seedsOf } from './seeds.ts';
import type { Packed, PackRequest } from './types.ts';

/**
 * @throws ImageError NOT_FOUND where a named program or file is not there, USAGE where the request contradicts itself
 */
export async function pack(request: PackRequest): Promise<Packed> {
  const { facts, named, config } = await gatherNames(request);
  const closure = await closureOf(request, facts, [...(await seedsOf(facts, named)), ...homeSeed(request.user)]);
  const owned = withOwners(request.user, planPack(closure, named));
  const plan = await withAccounts(request, facts, closure, owned);
  const parents = await parentInfos(facts, plan);
  const time = request.time ?? newestTime(plan.placed.map(({ node }) => node));
  const apply = (one: Plan) => applyPlan(one, { base: request.base?.tree, parents, time });
  const judged = async (one: Plan) => {
    const tree = apply(one);
    return { plan: one, tree, verdict: await verdictOn(request, facts, { tree, named, config }) };
  };
  const first = await judged(plan);
  const loads = { source: closure.loads, image: first.verdict.closure.loads };
  const cache = await libraryCache({ facts, ...loads, plan, base: request.base?.tree });
  const outcome = cache === undefined ? first : await judged({ ...plan, made: [...plan.made, cache] });
  return {
    tree: outcome.tree,
    config,
    platform: facts.platform,
    time,
    closure,
    facts,
    placed: outcome.plan.placed,
    made: outcome.plan.made,
    findings: outcome.verdict.findings,
  };
}

async function closureOf(request: PackRequest, facts: Facts, seeds: readonly Seed[]): Promise<Closure> {
  const excluded = request.exclude.map(compileGlob);
  const closure = await computeClosure({
    facts,
    rules: request.rules,
    seeds,
    purpose: 'make',
    forced: request.forced,
    suggested: request.suggested,
    excluded: (path) => excluded.some((matches) => matches(path)),
  });
  const names = new Set(seeds.map(({ because }) => because));
  for (const { reason, tried } of closure.unmet) {
    if (reason.from !== undefined || !names.has(reason.because)) continue;
    throw new ImageError('NOT_FOUND', `${tried[0]} ${reason.because}, and is a link that leads nowhere`);
  }
  return closure;
}

/** Directories on the way look as they do in the source; the same path is looked at, wherever the file came from. */
async function parentInfos(facts: Facts, plan: Plan): Promise<Map<string, DirInfo>> {
  const infos = new Map<string, DirInfo>();
  for (const path of parentsOf(plan)) {
    const node = await facts.files.lookup(path);
    if (node?.kind === 'dir') infos.set(path, node);
  }
  return infos;
}

interface Outcome {
  readonly tree: Tree;
  readonly config: RunConfig;
  readonly named: readonly Named[];
}

/** The loader model and all the rules, asked about the tree as it would be written. */
async function verdictOn(request: PackRequest, { platform, cpu }: Facts, { tree, config, named }: Outcome) {
  const facts = createFacts(treeFiles(tree), { config, platform, cpu });
  const seeds = await seedsOf(
    facts,
    named.map((one) => ({ ...one, path: one.to ?? one.path, physical: one.to ?? one.physical })),
  );
  return judge({ facts, rules: request.rules, seeds });
}
