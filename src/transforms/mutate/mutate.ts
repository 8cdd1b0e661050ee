/** Another config over the same layers. @module */
import { compact } from '../../formats/oci/shape.ts';
import type { RunConfig } from '../../formats/oci/types.ts';
import { type DerivedImage, type StoredImage, saying } from '../../ports/new-image.ts';
import type { Edits, NamedField, PlainField, Unset } from './edits.ts';

/** The image with what the edits say; its layers, its history and all that they do not speak of stay. */
export function mutate({ image, layers }: StoredImage, edits: Edits): DerivedImage {
  const unset = edits.unset ?? [];
  const isGone = (field: PlainField) => unset.some((one) => one.field === field);
  const config = set(unset.reduce(without, image.config.config ?? {}), edits);
  const { author, created, annotations, platform, ...rest } = saying(image, { ...image.config, config });
  const others = compact({
    author: edits.author ?? (isGone('author') ? undefined : author),
    created: edits.created ?? (isGone('created') ? undefined : created),
    annotations: annotationsOf(annotations, edits),
  });
  return { ...rest, ...others, platform: edits.platform ?? platform, layers, tree: image.tree };
}

function annotationsOf(before: DerivedImage['annotations'], { unset = [], annotations }: Edits) {
  const left = unset.reduce((kept, { field, name }) => (field === 'annotation' ? omit(kept, name) : kept), before);
  const all = { ...left, ...annotations };
  return Object.keys(all).length === 0 ? undefined : all;
}

function set(config: RunConfig, edits: Edits): RunConfig {
  const { env, labels, expose, volumes, entrypoint, cmd, user, workdir, stopSignal, healthcheck } = edits;
  return {
    ...config,
    ...compact({
      Env: env && withVariables(config.Env ?? [], env),
      Labels: labels && { ...config.Labels, ...labels },
      ExposedPorts: expose && withKeys(config.ExposedPorts, expose),
      Volumes: volumes && withKeys(config.Volumes, volumes),
      Entrypoint: entrypoint,
      Cmd: cmd,
      User: user,
      WorkingDir: workdir,
      StopSignal: stopSignal,
      Healthcheck: healthcheck,
    }),
  };
}

function withVariables(before: readonly string[], set: readonly string[]): readonly string[] {
  const all = [...before];
  for (const text of set) {
    const at = all.findIndex((one) => nameOf(one) === nameOf(text));
    if (at < 0) all.push(text);
    else all[at] = text;
  }
  return all;
}

function nameOf(variable: string): string {
  return variable.split('=', 1)[0] as string;
}

function withKeys(before: RunConfig['Volumes'], keys: readonly string[]): Readonly<Record<string, object>> {
  return { ...before, ...Object.fromEntries(keys.map((key) => [key, {}])) };
}

const KEYS: Readonly<Record<Exclude<NamedField | PlainField, 'annotation' | 'author' | 'created'>, keyof RunConfig>> = {
  env: 'Env',
  label: 'Labels',
  expose: 'ExposedPorts',
  volume: 'Volumes',
  entrypoint: 'Entrypoint',
  cmd: 'Cmd',
  user: 'User',
  workdir: 'WorkingDir',
  'stop-signal': 'StopSignal',
  healthcheck: 'Healthcheck',
};

/** Author, time and annotations are no fields of this part of the config. */
function without(config: RunConfig, { field, name }: Unset): RunConfig {
  if (field === 'annotation' || field === 'author' || field === 'created') return config;
  const key = KEYS[field];
  const { [key]: before, ...rest } = config;
  if (name === undefined || before === undefined || before === null) return rest;
  const left = field === 'env' ? withoutVariable(config.Env ?? [], name) : omit(before as Record<string, object>, name);
  return left === undefined ? rest : { ...rest, [key]: left };
}

function withoutVariable(variables: readonly string[], name: string): readonly string[] | undefined {
  const left = variables.filter((one) => nameOf(one) !== name);
  return left.length === 0 ? undefined : left;
}

/** @param name all of them where it is undefined; @returns undefined where none is left */
function omit<T>(record: Readonly<Record<string, T>> | undefined, name: string | undefined) {
  const left = Object.entries(record ?? {}).filter(([key]) => name !== undefined && key !== name);
  return left.length === 0 ? undefined : Object.fromEntries(left);
}
