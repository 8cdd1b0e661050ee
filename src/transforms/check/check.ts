/** `check`: will the image start, and what of it is better not there? @module */
import type { Platform, RunConfig } from '../../formats/oci/types.ts';
import type { CpuLevel } from '../../loader/types.ts';
import type { Tree } from '../../model/tree.ts';
import { treeFiles } from '../../ports/tree-files.ts';
import type { Closure } from '../../rules/closure/types.ts';
import { sortFindings } from '../../rules/closure/verdict/make.ts';
import { judge } from '../../rules/closure/verdict/verdict.ts';
import { createFacts } from '../../rules/facts.ts';
import type { Finding } from '../../rules/finding.ts';
import type { Rule } from '../../rules/rule.ts';
import { bystanderFindings } from './bystanders.ts';
import { treeFindings } from './tree-findings.ts';

export interface CheckRequest {
  readonly tree: Tree;
  readonly config: RunConfig;
  readonly platform: Platform;
  readonly rules: readonly Rule[];
  /** Default `baseline`. */
  readonly cpu?: CpuLevel;
}

export interface CheckReport {
  /** Most severe first. */
  readonly findings: readonly Finding[];
  /** What the image's programs use of it, and why. */
  readonly closure: Closure;
}

export async function check({ tree, config, platform, rules, cpu = 'baseline' }: CheckRequest): Promise<CheckReport> {
  const facts = createFacts(treeFiles(tree), { config, platform, cpu });
  const { findings, closure } = await judge({ facts, rules });
  const others = await bystanderFindings(facts, tree, closure);
  const told = new Set(findings.map(({ code, path }) => `${code}:${path}`));
  const more = others.filter(({ code, path }) => !told.has(`${code}:${path}`));
  return { findings: sortFindings([...findings, ...more, ...treeFindings(tree, config)]), closure };
}
