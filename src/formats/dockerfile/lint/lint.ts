/** All checks of a Dockerfile. @module */
import type { CheckDirective, Dockerfile, Position } from '../types.ts';
import { checkCasing, checkStageNames } from './casing.ts';
import { checkBases } from './from.ts';
import { checkInstructions } from './instructions.ts';
import { checkContinuations, checkDescriptions } from './layout.ts';
import type { LintContext, LintFinding, LintOptions } from './report.ts';
import { EXPERIMENTAL_RULES, type LintRule, type SizeRule } from './rules.ts';

const CHECKS: readonly ((context: LintContext) => void)[] = [
  checkCasing,
  checkStageNames,
  checkBases,
  checkInstructions,
  checkContinuations,
  checkDescriptions,
];

/**
 * What BuildKit's checks have to say, in the order of the file; the file's `# check=skip=…` is obeyed. Whether findings end the
 * build is {@link lintFails}'s to say. Never throws: what cannot be expanded is the build's to refuse.
 */
export function lint(file: Dockerfile, options: LintOptions = {}): LintFinding[] {
  const { report, findings } = collecting(options.check ?? file.directives.check);
  for (const one of CHECKS) one({ file, options, report });
  return findings.sort(inFileOrder);
}

/** Takes findings as they come, each once, those of rules that are switched off left out. */
export function collecting(check: CheckDirective | undefined): {
  readonly report: LintContext['report'];
  readonly findings: LintFinding[];
} {
  const findings: LintFinding[] = [];
  const seen = new Set<string>();
  const report: LintContext['report'] = (rule, range, message) => {
    const key = `${rule} ${range.start.line}:${range.start.column} ${message}`;
    if (!isOn(rule, check) || seen.has(key)) return;
    seen.add(key);
    findings.push({ rule, message, range });
  };
  return { report, findings };
}

export function inFileOrder(a: LintFinding, b: LintFinding): number {
  return byPosition(a.range.start, b.range.start) || (a.rule < b.rule ? -1 : 1);
}

/** Whether `error=true` makes these findings the end of the build. */
export function lintFails(file: Dockerfile, findings: readonly LintFinding[], options: LintOptions = {}): boolean {
  return findings.length > 0 && (options.check ?? file.directives.check)?.error === true;
}

/** Whether the file's `# check=` leaves the rule on. */
export function isOn(rule: LintRule | SizeRule, check: CheckDirective | undefined): boolean {
  if (check !== undefined && (check.skip === 'all' || check.skip.includes(rule))) return false;
  if (!EXPERIMENTAL_RULES.some((one) => one === rule)) return true;
  return check !== undefined && (check.experimental === 'all' || check.experimental.includes(rule));
}

function byPosition(a: Position, b: Position): number {
  return a.line - b.line || a.column - b.column;
}
