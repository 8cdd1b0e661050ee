/** Findings: their severities, their order, each once. @module */
import { FINDING_SEVERITY, type Finding, type FindingCode, type Severity } from '../../finding.ts';
import type { Strength } from '../../rule.ts';

/** Most severe first. */
export const SEVERITIES = ['error', 'warning', 'info'] as const satisfies readonly Severity[];

const AT_MOST: Readonly<Record<Strength, Severity>> = { required: 'error', recommended: 'warning', suggested: 'info' };

/** What is only recommended cannot be an error, and what is only suggested no warning: the chain of reasons decides. */
export function finding(
  code: FindingCode,
  strength: Strength,
  text: { readonly path: string; readonly message: string; readonly fix: string },
): Finding {
  return { code, severity: milder(FINDING_SEVERITY[code], AT_MOST[strength]), ...text };
}

export function milder(a: Severity, b: Severity): Severity {
  return SEVERITIES.indexOf(a) >= SEVERITIES.indexOf(b) ? a : b;
}

/** By severity, code, path and message; equal ones once. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const keyed = findings.map((one) => {
    const key = [SEVERITIES.indexOf(one.severity), one.code, one.path, one.message].join('\0');
    return [key, one] as const;
  });
  return [...new Map(keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))).values()];
}
