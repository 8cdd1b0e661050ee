/** Checks of FROM. @module */
import { ImageError } from '../../../base/errors.ts';
import { parseNamed } from '../../reference/docker.ts';
import { expandWord } from '../expand.ts';
import { findStage } from '../parse.ts';
import { PLATFORM_ARGS } from '../platform-args.ts';
import { didYouMean } from '../suggest.ts';
import type { Dockerfile, Stage, Word } from '../types.ts';
import type { BasePlatform, LintContext } from './report.ts';

/** Stands for what only the build knows. */
const SOMETHING = 'something';

export function checkBases(context: LintContext): void {
  const { file, options } = context;
  const known = new Set([
    ...PLATFORM_ARGS,
    ...file.globalArgs.flatMap(({ args }) => args.map(({ name }) => name.text)),
  ]);
  const defaults = globalsOf(file, new Map());
  const globals = globalsOf(file, options.buildArgs ?? new Map());
  for (const stage of file.stages) {
    checkDefaults(context, stage, defaults);
    for (const word of [stage.base, ...(stage.platform === undefined ? [] : [stage.platform])]) {
      checkDeclared(context, word, known, globals);
    }
    if (stage.platform !== undefined) checkPlatform(context, stage, stage.platform);
    const platform = options.basePlatform?.(stage);
    if (platform !== undefined) {
      context.report('InvalidBaseImagePlatform', stage.base.range, otherPlatform(stage.base.text, platform));
    }
  }
}

/** What InvalidBaseImagePlatform says. */
export function otherPlatform(base: string, { found, wanted }: BasePlatform): string {
  return `the base image ${base} is for ${found}, and ${wanted} is wanted`;
}

/** Values of the global arguments, those of platforms included. */
export function globalsOf(file: Dockerfile, buildArgs: ReadonlyMap<string, string>): Map<string, string> {
  const values = new Map(PLATFORM_ARGS.map((name) => [name, SOMETHING]));
  for (const { args } of file.globalArgs) {
    for (const { name, value } of args) {
      const given = buildArgs.get(name.text) ?? (value && expandOrNothing(value.text, file, values));
      if (given !== undefined) values.set(name.text, given);
    }
  }
  return values;
}

/** Undefined where the build will refuse it. */
function expandOrNothing(
  text: string,
  { directives }: Dockerfile,
  values: ReadonlyMap<string, string>,
  seen?: (name: string, value: string | undefined, optional: boolean) => void,
): string | undefined {
  try {
    const options = { escape: directives.escape, ...(seen === undefined ? {} : { seen }) };
    return expandWord(text, (name) => values.get(name), options);
  } catch (error) {
    if (error instanceof ImageError) return undefined;
    throw error;
  }
}

function checkDefaults({ file, report }: LintContext, stage: Stage, defaults: ReadonlyMap<string, string>): void {
  const base = expandOrNothing(stage.base.text, file, defaults);
  if (base === undefined || findStage(file.stages, base, stage.index) !== undefined || isImageName(base)) return;
  const message = `without build arguments '${stage.base.text}' is '${base}', which is no image name`;
  report('InvalidDefaultArgInFrom', stage.base.range, message);
}

function isImageName(text: string): boolean {
  try {
    parseNamed(text);
    return true;
  } catch (error) {
    if (error instanceof ImageError) return false;
    throw error;
  }
}

function checkDeclared(
  { file, report }: LintContext,
  word: Word,
  known: ReadonlySet<string>,
  globals: ReadonlyMap<string, string>,
): void {
  expandOrNothing(word.text, file, globals, (name, value, optional) => {
    if (value !== undefined || optional || known.has(name)) return;
    const hint = didYouMean(name, known);
    const message = `FROM uses the argument '${name}', which no ARG above the first FROM declares`;
    report('UndefinedArgInFrom', word.range, hint === undefined ? message : `${message} (${hint})`);
  });
}

function checkPlatform({ file, report }: LintContext, { name }: Stage, word: Word): void {
  const seen = new Set<string>();
  const platform = expandOrNothing(word.text, file, new Map([['TARGETPLATFORM', SOMETHING]]), (variable) =>
    seen.add(variable),
  );
  if (seen.size === 1 && seen.has('TARGETPLATFORM') && platform === SOMETHING) {
    const message = `--platform=${word.text} is what happens without it`;
    report('RedundantTargetPlatform', word.range, message);
  }
  if (seen.size > 0 || platform === undefined) return;
  const parts = platform.toLowerCase().split('/');
  // A stage whose name says for which platform it is means it.
  if (parts.some((part) => part !== '' && name?.includes(part))) return;
  const message = `--platform of FROM should not be the constant '${platform}'`;
  report('FromPlatformFlagConstDisallowed', word.range, message);
}
