/** What the instructions that only speak of the config do to it. Pure: each gives a new config. @module */
import { cleanPath, joinPath } from '../../base/path.ts';
import { compact } from '../../formats/oci/shape.ts';
import type { Healthcheck, RunConfig } from '../../formats/oci/types.ts';

/** Sets variables, in place where they are set already. */
export function withEnv(config: RunConfig, pairs: readonly (readonly [name: string, value: string])[]): RunConfig {
  const env = [...(config.Env ?? [])];
  for (const [name, value] of pairs) {
    const at = env.findIndex((one) => one.startsWith(`${name}=`));
    if (at < 0) env.push(`${name}=${value}`);
    else env[at] = `${name}=${value}`;
  }
  return { ...config, Env: env };
}

export function envOf(config: RunConfig): ReadonlyMap<string, string> {
  return new Map(
    (config.Env ?? []).map((one) => {
      const cut = one.indexOf('=');
      return cut < 0 ? ([one, ''] as const) : ([one.slice(0, cut), one.slice(cut + 1)] as const);
    }),
  );
}

export function withLabels(config: RunConfig, pairs: readonly (readonly [key: string, value: string])[]): RunConfig {
  return { ...config, Labels: { ...config.Labels, ...Object.fromEntries(pairs) } };
}

export function withPorts(config: RunConfig, ports: readonly string[]): RunConfig {
  return { ...config, ExposedPorts: { ...config.ExposedPorts, ...keys(ports) } };
}

export function withVolumes(config: RunConfig, paths: readonly string[]): RunConfig {
  return { ...config, Volumes: { ...config.Volumes, ...keys(paths) } };
}

function keys(names: readonly string[]): Readonly<Record<string, object>> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

/** As BuildKit writes it down: an absolute path as it stands, slashes and dots included; a relative one from the directory there is. */
export function workdirOf({ WorkingDir }: RunConfig, path: string): string {
  if (path === '') return WorkingDir || '/';
  return path.startsWith('/') ? path : joinPath(WorkingDir || '/', path);
}

/** The path of the directory in which steps work. */
export function workingDirectory({ WorkingDir }: RunConfig): string {
  return cleanPath(WorkingDir || '/');
}

/** As BuildKit has it, with a word for Docker on Windows that others pass over. @param args of the shell form, the shell included */
export function withCommand(config: RunConfig, args: readonly string[]): RunConfig {
  return compact({ ...config, Cmd: args.length > 0 ? args : undefined, ArgsEscaped: true });
}

/** A command that the base gave is for the base's entry point, and goes with it. @param ownCommand CMD stood in this stage */
export function withEntrypoint(config: RunConfig, args: readonly string[], ownCommand: boolean): RunConfig {
  const Entrypoint = args.length > 0 ? args : undefined;
  return compact(ownCommand ? { ...config, Entrypoint } : { ...config, Entrypoint, Cmd: undefined });
}

export function withHealthcheck(config: RunConfig, check: Healthcheck): RunConfig {
  return { ...config, Healthcheck: check };
}

const DEFAULT_SHELL: readonly string[] = ['/bin/sh', '-c'];

export function shellOf(config: RunConfig): readonly string[] {
  return config.Shell !== undefined && config.Shell.length > 0 ? config.Shell : DEFAULT_SHELL;
}

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What a stage is built upon: programs are found in any case, and the working directory is absolute. */
export function asBase(config: RunConfig): RunConfig {
  const { Env = [], WorkingDir } = config;
  const hasPath = Env.some((one) => one.startsWith('PATH='));
  return {
    ...config,
    Env: hasPath ? Env : [...Env, `PATH=${DEFAULT_PATH}`],
    ...(WorkingDir === undefined || WorkingDir === '' ? {} : { WorkingDir: workdirOf({}, WorkingDir) }),
  };
}

/** What an image on nothing says, as BuildKit has it. */
export const SCRATCH_CONFIG: RunConfig = { Env: [`PATH=${DEFAULT_PATH}`], WorkingDir: '/' };
