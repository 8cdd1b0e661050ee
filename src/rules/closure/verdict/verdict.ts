/**
 * Whether a root filesystem has what its config and programs need: the closure in its other use. What the rules want and the
 * tree does not have becomes a finding.
 * @module
 */
import type { Finding } from '../../finding.ts';
import type { Facts, Rule } from '../../rule.ts';
import { computeClosure } from '../engine.ts';
import type { Closure, Seed, Unmet } from '../types.ts';
import { loadFindings } from './loads.ts';
import { finding, sortFindings } from './make.ts';
import { speakers } from './speakers.ts';
import { startFindings } from './start.ts';

export interface VerdictOptions {
  readonly facts: Facts;
  readonly rules: readonly Rule[];
  /** Further programs that have to work, beside what the config names. */
  readonly seeds?: readonly Seed[];
}

export interface Verdict {
  readonly findings: readonly Finding[];
  /** What the programs use of the tree, and why. */
  readonly closure: Closure;
}

export async function judge({ facts, rules, seeds = [] }: VerdictOptions): Promise<Verdict> {
  const closure = await computeClosure({ facts, rules, seeds, purpose: 'check' });
  const start = await startFindings(facts, closure);
  const refused = new Set(start.filter(({ code }) => code === 'not-executable').map(({ path }) => path));
  const unmet = speakers(closure)
    .flatMap(unmetFinding)
    .filter((one) => !(isStart(one) && refused.has(one.path)));
  return { findings: sortFindings([...start, ...unmet, ...(await loadFindings(facts, closure.loads))]), closure };
}

/** A program that is there and cannot be started is not missing as well. */
function isStart({ code }: Finding): boolean {
  return code === 'entrypoint-missing' || code === 'shell-form-without-shell';
}

function unmetFinding({ requirement, reason, strength }: Unmet): Finding[] {
  const { unmet, want } = requirement;
  if (unmet === undefined) return [];
  const path = reason.from ?? ('path' in want ? want.path : 'name' in want ? want.name : '/');
  return [finding(unmet.code, strength, { path, message: unmet.message, fix: unmet.fix })];
}
