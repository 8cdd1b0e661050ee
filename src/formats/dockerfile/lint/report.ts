/** What the checks have in common: what they say, and what they are told. @module */
import type { IgnoreMatcher } from '../ignore.ts';
import type { CheckDirective, Dockerfile, Range, Stage } from '../types.ts';
import type { LintRule, SizeRule } from './rules.ts';

export interface LintFinding {
  readonly rule: LintRule | SizeRule;
  /** One sentence with the facts. */
  readonly message: string;
  readonly range: Range;
}

/** A base image's platform that is not the wanted one, `linux/arm64`. */
export interface BasePlatform {
  readonly wanted: string;
  readonly found: string;
}

export interface LintOptions {
  /** In place of the file's own `# check=`. */
  readonly check?: CheckDirective | undefined;
  /** Of `--build-arg`. */
  readonly buildArgs?: ReadonlyMap<string, string>;
  /** What .dockerignore says; without it nothing is left out. */
  readonly ignore?: IgnoreMatcher | undefined;
  /** Variables of a stage's base image; undefined where they are not known, and then none can be said to be missing. */
  readonly baseEnvironment?: (stage: Stage) => Iterable<readonly [string, string]> | undefined;
  /** Of a stage's base image, if it is known and another one than wanted. */
  readonly basePlatform?: (stage: Stage) => BasePlatform | undefined;
}

export type Report = (rule: LintRule | SizeRule, range: Range, message: string) => void;

export interface LintContext {
  readonly file: Dockerfile;
  readonly options: LintOptions;
  readonly report: Report;
}
