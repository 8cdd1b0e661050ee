/**
 * Names on the command line that mean nothing to the Dockerfile, which are mostly misspelt. What no stage of the file speaks of is
 * told; what another target would use is not. A secret or an agent may be handed to every build there is, and is told only where it is
 * nearly one that the file asks for.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { sourcesOf } from '../../builders/dockerfile/graph.ts';
import { globalsOf, platformArgs } from '../../builders/dockerfile/scope.ts';
import { expandWord } from '../../formats/dockerfile/expand.ts';
import { resolveMount } from '../../formats/dockerfile/mount.ts';
import { didYouMean } from '../../formats/dockerfile/suggest.ts';
import type { Dockerfile, Instruction } from '../../formats/dockerfile/types.ts';
import { machinePlatform } from '../../system/machine.ts';
import { shortName } from './named-contexts.ts';
import type { BuildOptions } from './options.ts';

export function warnOfUnused(file: Dockerfile, options: BuildOptions): void {
  const warn = (text: string, near: string | undefined) =>
    options.report({ kind: 'warning', text: near === undefined ? text : `${text} (${near})` });
  const stages = file.stages.flatMap(({ name }) => name ?? []);
  for (const name of options.noCache === 'all' ? [] : options.noCache) {
    if (!stages.includes(name.toLowerCase()))
      warn(`no stage is called ${name}, given with --no-cache-filter`, didYouMean(name, stages));
  }
  const names = namesIn(file, options);
  for (const name of names === undefined ? [] : options.contexts.keys()) {
    const own = shortName(name.replace(/::.*$/, ''));
    if (!names?.has(own)) warn(`nothing takes from ${name}, given with --build-context`, didYouMean(own, names ?? []));
  }
  for (const [type, given, option] of [
    ['secret', options.secrets, '--secret'],
    ['ssh', options.ssh, '--ssh'],
  ] as const) {
    const asked = idsIn(file, type);
    if (asked === undefined) continue;
    for (const id of given.keys()) {
      const near = asked.has(id)
        ? undefined
        : didYouMean(
            id,
            [...asked].filter((one) => !given.has(one)),
          );
      if (near !== undefined) warn(`no RUN asks for ${id}, given with ${option}`, near);
    }
  }
}

function instructionsIn({ stages }: Dockerfile): readonly Instruction[] {
  const all = stages.flatMap(({ instructions }) => instructions);
  return all.flatMap((one) => (one.kind === 'onbuild' ? [one, one.instruction] : one));
}

/** That a named context could be meant by; undefined where that cannot be told, and the build will not be carried out. */
function namesIn(file: Dockerfile, options: BuildOptions): ReadonlySet<string> | undefined {
  const { directives, stages } = file;
  const names = stages.flatMap(({ name }) => name ?? []);
  try {
    for (const platform of options.platforms) {
      const globals = globalsOf(file, platformArgs(machinePlatform(), platform, ''), options);
      for (const { base } of stages) names.push(expandWord(base.text, (name) => globals.get(name), directives));
    }
  } catch (error) {
    if (error instanceof ImageError) return undefined;
    throw error;
  }
  const all = [...names, ...instructionsIn(file).flatMap(sourcesOf)].map(shortName);
  return new Set(all.filter((name) => !name.endsWith(':')));
}

/** Undefined where that depends on variables. */
function idsIn(file: Dockerfile, type: 'secret' | 'ssh'): ReadonlySet<string> | undefined {
  const flags = instructionsIn(file).flatMap((one) => (one.kind === 'run' ? one.mounts : []));
  if (flags.some(({ word }) => word.text.includes('$'))) return undefined;
  const mounts = flags.map((flag) => resolveMount(flag, (text) => text));
  return new Set(mounts.flatMap((mount) => (mount.type === type && 'id' in mount ? mount.id : [])));
}
