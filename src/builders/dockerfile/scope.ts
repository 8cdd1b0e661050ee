/** Variables of a stage: what ENV says wins over what ARG says. @module */
import type { Environment } from '../../formats/dockerfile/expand.ts';
import type { Platform } from '../../formats/oci/types.ts';
import { formatPlatform } from '../../model/platform.ts';
import { envOf } from './config.ts';
import type { State } from './state.ts';

export function environmentIn({ config, args }: Pick<State, 'config' | 'args'>): Environment {
  const env = envOf(config);
  return (name) => env.get(name) ?? args.get(name);
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

function argsOf(prefix: string, platform: Platform): readonly (readonly [string, string])[] {
  return [
    [`${prefix}PLATFORM`, formatPlatform(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}OSVERSION`, platform['os.version'] ?? ''],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ''],
  ];
}
