/** The config of the packed image: what it starts, as whom, where and with which variables. @module */
import type { RunConfig } from '../../formats/oci/types.ts';
import { DEFAULT_PATH, environmentOf } from '../../rules/facts.ts';
import type { PackRequest } from './types.ts';

type ConfigRequest = Pick<
  PackRequest,
  | 'args'
  | 'user'
  | 'env'
  | 'workdir'
  | 'volumes'
  | 'expose'
  | 'labels'
  | 'entrypoint'
  | 'cmd'
  | 'stopSignal'
  | 'base'
  | 'source'
>;

/** @param program path of the first program in the image, if there is one */
export function imageConfig(request: ConfigRequest, program: string | undefined): RunConfig {
  const { base, user } = request;
  const inherited = base?.config ?? {};
  const entrypoint = request.entrypoint ?? (program === undefined ? inherited.Entrypoint : [program]);
  const cmd = request.cmd ?? (request.args.length > 0 ? request.args : undefined);
  const startsAnew = request.entrypoint !== undefined || program !== undefined;
  const kept = startsAnew ? without(inherited, ['Entrypoint', 'Cmd', 'Healthcheck']) : inherited;
  return {
    ...kept,
    ...(entrypoint === undefined || entrypoint === null ? {} : { Entrypoint: [...entrypoint] }),
    ...(cmd === undefined ? {} : { Cmd: [...cmd] }),
    Env: environment(request),
    ...(user === undefined ? {} : { User: `${user.uid}:${user.gid}` }),
    ...(request.workdir === undefined ? {} : { WorkingDir: request.workdir }),
    ...setOf('Volumes', Object.keys(inherited.Volumes ?? {}), request.volumes),
    ...setOf('ExposedPorts', Object.keys(inherited.ExposedPorts ?? {}), request.expose),
    ...labels({ ...inherited.Labels, ...request.labels }),
    ...(request.stopSignal === undefined ? {} : { StopSignal: request.stopSignal }),
  };
}

function without(config: RunConfig, names: readonly (keyof RunConfig)[]): RunConfig {
  return Object.fromEntries(Object.entries(config).filter(([name]) => !names.includes(name as keyof RunConfig)));
}

/** The base's variables, or else the source image's; the user's HOME; what the request sets. In order of first mention. */
function environment({ base, source, env, user }: ConfigRequest): string[] {
  const below = base?.config ?? source.config ?? {};
  const variables = new Map(Object.entries({ PATH: DEFAULT_PATH, ...environmentOf(below) }));
  if (user !== undefined) variables.set('HOME', homeOf(user.name));
  for (const line of env) {
    const cut = line.indexOf('=');
    variables.set(line.slice(0, cut), line.slice(cut + 1));
  }
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

export function homeOf(name: string): string {
  return name === 'root' ? '/root' : `/home/${name}`;
}

function setOf(field: 'Volumes' | 'ExposedPorts', inherited: readonly string[], added: readonly string[]) {
  const names = [...new Set([...inherited, ...added])].sort();
  return names.length === 0 ? {} : { [field]: Object.fromEntries(names.map((name) => [name, {}])) };
}

function labels(all: Readonly<Record<string, string>>) {
  const entries = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? {} : { Labels: Object.fromEntries(entries) };
}
