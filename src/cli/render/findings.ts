/** Findings for people. @module */

import { styleText } from 'node:util';
import { countOf } from '../../base/count.ts';
import { printableName } from '../../base/names.ts';
import type { Finding, Severity } from '../../rules/finding.ts';

const COLOUR = { error: 'red', warning: 'yellow', info: 'cyan' } as const satisfies Record<Severity, string>;

/** Three lines for each: what and where, why, and what to do. */
export function renderFindings(findings: readonly Finding[], stream: NodeJS.WriteStream): string {
  return findings
    .map(({ code, severity, path, message, fix }) => {
      const head = `${styleText(COLOUR[severity], severity, { stream })} ${code}: ${printableName(path)}`;
      return [head, `  ${printableName(message)}`, `  fix: ${printableName(fix)}`].join('\n');
    })
    .join('\n');
}

/** `2 errors, 1 warning`. */
export function countFindings(findings: readonly Finding[]): string {
  const parts = (['error', 'warning', 'info'] as const).flatMap((severity) => {
    const count = findings.filter((one) => one.severity === severity).length;
    const word = severity === 'info' ? 'remark' : severity;
    return count === 0 ? [] : [countOf(count, word)];
  });
  return parts.length === 0 ? 'no findings' : parts.join(', ');
}
