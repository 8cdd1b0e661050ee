/** Our own checks: what of the result's size the Dockerfile alone shows. @module */
import type { CheckDirective, Dockerfile } from '../../types.ts';
import { collecting, inFileOrder } from '../lint.ts';
import type { LintFinding } from '../report.ts';
import { checkBase } from './base-larger.ts';
import { checkBuildTools } from './build-tools.ts';
import { checkChangedLater } from './changed-later.ts';
import { checkCopiedTwice } from './copied-twice.ts';
import { checkPackageCache } from './package-cache.ts';
import { checkRemovedLater } from './removed-later.ts';
import { type SizeContext, type SizeOptions, sizeContext } from './stages.ts';

const CHECKS: readonly ((context: SizeContext) => void)[] = [
  checkPackageCache,
  checkRemovedLater,
  checkChangedLater,
  checkBuildTools,
  checkCopiedTwice,
  checkBase,
];

/**
 * Of the stages that the target consists of, in the order of the file; `# check=skip=…` is obeyed, and `error=true` is not: a
 * file that Docker builds is built. Looks at what is written there, so that it may miss much; what it says it has seen.
 */
export async function lintSize(
  file: Dockerfile,
  { check = file.directives.check, ...options }: SizeOptions & { readonly check?: CheckDirective | undefined } = {},
): Promise<LintFinding[]> {
  const { report, findings } = collecting(check);
  const context = await sizeContext(file, options, report);
  for (const one of CHECKS) one(context);
  return findings.sort(inFileOrder);
}
