/** The config of several images as one. @module */
import { canonicalJson } from '../../base/json.ts';
import type { RunConfig } from '../../formats/oci/types.ts';
import { type Choose, type Conflict, sidesOf } from './types.ts';

export interface ConfigWishes {
  /** Number from 0 of the image that says what is started, as whom, and where; default the first. */
  readonly configFrom?: number;
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  /** `NAME=value`; settles conflicts of that name. */
  readonly env?: readonly string[];
}

export interface MergedConfig {
  readonly config: RunConfig;
  readonly conflicts: readonly Conflict[];
}

/** @param configs undefined for a root filesystem, which says nothing */
export function mergeConfigs(
  configs: readonly (RunConfig | undefined)[],
  wishes: ConfigWishes,
  choose: Choose,
): MergedConfig {
  const told = configs.map((config) => config ?? {});
  const from = told[wishes.configFrom ?? 0] ?? {};
  const isOne = Object.keys(wishes).length === 0 && new Set(told.map((one) => text(one))).size === 1;
  if (isOne) return { config: from, conflicts: [] };
  const { env, conflicts } = environment(told, wishes.env ?? [], choose);
  const { Env: _, Volumes: __, ExposedPorts: ___, Labels: ____, ...own } = from;
  return {
    config: {
      ...started(own, wishes),
      ...(env.length === 0 ? {} : { Env: env }),
      ...united('ExposedPorts', told, (config) => config.ExposedPorts),
      ...united('Volumes', told, (config) => config.Volumes),
      // What two images label differently is said by the one that says what is started.
      ...united('Labels', [from, ...told], (config) => config.Labels),
    },
    conflicts,
  };
}

function text(config: RunConfig): string {
  return Buffer.from(canonicalJson(config)).toString();
}

/** Another entry point has other arguments, and another health check. */
function started(own: RunConfig, { entrypoint, cmd, user, workdir }: ConfigWishes): RunConfig {
  const { Cmd: _, Healthcheck: __, ...bare } = own;
  return {
    ...(entrypoint === undefined ? own : { ...bare, Entrypoint: entrypoint }),
    ...(cmd === undefined ? {} : { Cmd: cmd }),
    ...(user === undefined ? {} : { User: user }),
    ...(workdir === undefined ? {} : { WorkingDir: workdir }),
  };
}

interface Value {
  readonly image: number;
  readonly has: string;
}

/** Variables in order of first mention. */
function environment(configs: readonly RunConfig[], wished: readonly string[], choose: Choose) {
  const values = new Map<string, Value[]>();
  for (const [image, config] of configs.entries()) {
    for (const [name, has] of variables(config.Env ?? []))
      values.set(name, [...(values.get(name) ?? []), { image, has }]);
  }
  const wishes = variables(wished);
  const conflicts: Conflict[] = [];
  const merged = new Map<string, string>();
  for (const [name, all] of values) {
    const where = `Env.${name}`;
    const settled = wishes.get(name) ?? (name === 'PATH' ? joinedPath(all) : preferredOf(where, all, choose));
    const sides = sidesOf(all);
    if (settled === undefined && sides.length > 1) conflicts.push({ where, what: ['value'], sides });
    merged.set(name, settled ?? (all[0] as Value).has);
  }
  for (const [name, value] of wishes) merged.set(name, value);
  return { env: [...merged].map(([name, value]) => `${name}=${value}`), conflicts };
}

function preferredOf(where: string, values: readonly Value[], choose: Choose): string | undefined {
  const images = values.map(({ image }) => image);
  const preferred = choose(where, images);
  return values.find(({ image }) => image === preferred)?.has;
}

/** Of a name set twice the last value counts, as for a program that gets them. */
function variables(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.map((line) => {
      const cut = line.includes('=') ? line.indexOf('=') : line.length;
      return [line.slice(0, cut), line.slice(cut + 1)];
    }),
  );
}

/** Directories of all in the order of the images, each once. */
function joinedPath(values: readonly Value[]): string {
  return [...new Set(values.flatMap(({ has }) => has.split(':')))].join(':');
}

function united<T>(
  field: 'ExposedPorts' | 'Volumes' | 'Labels',
  configs: readonly RunConfig[],
  of: (config: RunConfig) => Readonly<Record<string, T>> | null | undefined,
): Partial<RunConfig> {
  const all = new Map<string, T>();
  for (const config of configs) {
    for (const [name, value] of Object.entries(of(config) ?? {})) if (!all.has(name)) all.set(name, value);
  }
  const entries = [...all].sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? {} : { [field]: Object.fromEntries(entries) };
}
