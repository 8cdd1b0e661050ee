/** Variables of a stage: of ENV and ARG the later one counts, and at the beginning of a stage what its base's ENV said. @module */
import { type Environment, expandWord } from '../../formats/dockerfile/expand.ts';
import type { Dockerfile, Range } from '../../formats/dockerfile/types.ts';
import type { Platform } from '../../formats/oci/types.ts';
import { formatPlatform } from '../../model/platform.ts';
import type { BuildSettings } from './context.ts';
import { inFile } from './failure.ts';
import type { State } from './state.ts';

export function environmentIn({ variables, unset }: Pick<State, 'variables' | 'unset'>): Environment {
  return (name) => variables.get(name) ?? unset?.(name);
}

/** The variables with these set, which come last then. */
export function withVariables(
  variables: ReadonlyMap<string, string>,
  pairs: Iterable<readonly [name: string, value: string]>,
): ReadonlyMap<string, string> {
  const now = new Map(variables);
  for (const [name, value] of pairs) {
    now.delete(name);
    now.set(name, value);
  }
  return now;
}

/** Variables that every RUN sees when they are given with `--build-arg`, and no history and no key speaks of. */
export const PROXY_ARGS: readonly string[] = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'FTP_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
].flatMap((name) => [name, name.toLowerCase()]);

/** The arguments that are there without anybody's saying, and can be asked for with ARG. */
export function platformArgs(build: Platform, target: Platform, stage: string): ReadonlyMap<string, string> {
  return new Map([...argsOf('BUILD', build), ...argsOf('TARGET', target), ['TARGETSTAGE', stage]]);
}

/** Global arguments: what the command line says, else their default, which may speak of those before. @throws ImageError, located */
export function globalsOf(
  file: Dockerfile,
  predefined: ReadonlyMap<string, string>,
  { args }: Pick<BuildSettings, 'args'>,
): ReadonlyMap<string, string> {
  const known = new Map(predefined);
  for (const [name, value] of args) if (predefined.has(name)) known.set(name, value);
  for (const { name: word, value, range } of file.globalArgs.flatMap((one) =>
    one.args.map((arg) => ({ ...one, ...arg })),
  )) {
    const expand = (text: string) => expanded(text, (name) => known.get(name), file, range);
    const name = expand(word.text);
    const own = args.get(name) ?? (value === undefined ? undefined : expand(value.text));
    if (own !== undefined) known.set(name, own);
  }
  return known;
}

/** @throws ImageError, located */
function expanded(text: string, env: Environment, file: Dockerfile, range: Range): string {
  try {
    return expandWord(text, env, file.directives);
  } catch (error) {
    throw inFile(error, file, range);
  }
}

function argsOf(prefix: string, platform: Platform): readonly (readonly [string, string])[] {
  return [
    [`${prefix}PLATFORM`, formatPlatform(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}OSVERSION`, platform['os.version'] ?? ''],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ''],
  ];
}
