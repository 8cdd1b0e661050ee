/**
 * From programs to the root filesystem that runs them: gather facts (the closure), plan, apply, and judge the outcome by the
 * same rules before anybody writes it.
 * @module
 */
import type { RunConfig } from '../../formats/oci/types.ts';
import type { DirInfo } from '../../model/node.ts';
import type { Tree } from '../../model/tree.ts';
import { treeFiles } from '../../ports/tree-files.ts';
import { judge } from '../../rules/closure/verdict/verdict.ts';
import { createFacts } from '../../rules/facts.ts';
import type { Facts } from '../../rules/rule.ts';
import { applyPlan, newestTime } from './apply.ts';
import { closeOver } from './close.ts';
import { libraryCache } from './library-cache.ts';
import { withAccounts, withOwners } from './made.ts';
import { gatherNames } from './names.ts';
import { type Plan, parentsOf, planPack } from './plan.ts';
import { homeSeed, type Named, seedsOf } from './seeds.ts';
import { shellSeeds } from './shell.ts';
import type { Packed, PackRequest } from './types.ts';

/**
 * @throws ImageError NOT_FOUND where a named program or file is not there, USAGE where the request contradicts itself
 */
export async function pack(request: PackRequest): Promise<Packed> {
  const { facts: source, named, config } = await gatherNames(request);
  const shell = request.shell && { program: request.shell, ...(await shellSeeds(request.shell, source.platform)) };
  const more = [...homeSeed(request.user), ...(shell?.seeds ?? [])];
  const { closure, facts, originOf } = await closeOver(request, source, named, more);
  const owned = withOwners(request.user, planPack(closure, named, originOf));
  const plan = await withAccounts(request, source, closure, owned);
  const parents = await parentInfos(facts, plan);
  const time = request.time ?? newestTime(plan.placed.map(({ node }) => node));
  const judged = async (one: Plan) => {
    const applied = applyPlan(one, { base: request.base?.tree, parents, time });
    return { ...applied, verdict: await verdictOn(request, source, { tree: applied.tree, named, config }) };
  };
  const first = await judged(plan);
  const loads = { source: closure.loads, image: first.verdict.closure.loads };
  const cache = await libraryCache({ facts, ...loads, plan: first.plan, base: request.base?.tree });
  const {
    tree,
    plan: done,
    verdict,
  } = cache === undefined ? first : await judged({ ...plan, made: [...plan.made, cache] });
  const { placed, made } = done;
  return {
    tree,
    config,
    platform: source.platform,
    time,
    closure,
    facts: source,
    placed,
    made,
    shell,
    findings: verdict.findings,
  };
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
async function verdictOn(request: PackRequest, { platform, cpu, contents }: Facts, { tree, config, named }: Outcome) {
  const facts = createFacts(treeFiles(tree), { config, platform, cpu, contents });
  const seeds = await seedsOf(
    facts,
    named.map((one) => ({ ...one, path: one.to ?? one.path, physical: one.to ?? one.physical })),
  );
  return judge({ facts, rules: request.rules, seeds });
}
