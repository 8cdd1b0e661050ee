/** Checking what a reference names, and weighing findings. @module */
import { ImageError } from '../base/errors.ts';
import { compileGlob } from '../base/glob.ts';
import { FINDING_SEVERITY, type Finding, type FindingCode, type Severity } from '../rules/finding.ts';
import { RULES } from '../rules/table.ts';
import { type Access, openRoot } from '../sources.ts';
import { type CheckReport, check } from '../transforms/check/check.ts';

export interface CheckOptions {
  /** `CODE` or `CODE:GLOB`: findings that are not told. */
  readonly ignore?: readonly string[];
  /** CPU level whose library variants count. */
  readonly cpu?: string;
}

/** @throws ImageError */
export async function checkReference(reference: string, options: CheckOptions, access: Access): Promise<CheckReport> {
  const ignored = ignoring(options.ignore ?? []);
  await using root = await openRoot(reference, access);
  const report = await check({
    tree: await root.tree(),
    config: root.config?.config ?? {},
    platform: root.platform,
    rules: RULES,
    ...(options.cpu === undefined ? {} : { cpu: options.cpu }),
  });
  return { ...report, findings: report.findings.filter((finding) => !ignored(finding)) };
}

/** @throws ImageError USAGE for a code there is not */
export function ignoring(texts: readonly string[]): (finding: Finding) => boolean {
  const tests = texts.map((text) => {
    const cut = text.indexOf(':');
    const code = cut < 0 ? text : text.slice(0, cut);
    if (!isCode(code)) {
      throw new ImageError('USAGE', `there is no finding "${code}"`, {
        hint: `the codes are ${Object.keys(FINDING_SEVERITY).join(', ')}`,
      });
    }
    const matches = cut < 0 ? () => true : compileGlob(text.slice(cut + 1));
    return (finding: Finding) => finding.code === code && matches(finding.path);
  });
  return (finding) => tests.some((test) => test(finding));
}

function isCode(text: string): text is FindingCode {
  return Object.hasOwn(FINDING_SEVERITY, text);
}

const RANK: Readonly<Record<Severity, number>> = { error: 3, warning: 2, info: 1 };

/** Whether any finding is at least that severe. */
export function reaches(findings: readonly Finding[], level: Severity): boolean {
  return findings.some(({ severity }) => RANK[severity] >= RANK[level]);
}
