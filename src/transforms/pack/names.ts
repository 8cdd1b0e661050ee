/** What the request names, found in the source; and the config and facts that follow from it. @module */
import { ImageError } from '../../base/errors.ts';
import type { Platform, RunConfig } from '../../formats/oci/types.ts';
import { platformOfElf } from '../../model/elf-platform.ts';
import { normalPlatform } from '../../model/platform.ts';
import { createFacts, environmentOf } from '../../rules/facts.ts';
import type { Facts } from '../../rules/rule.ts';
import { expandAdditions } from './additions.ts';
import { imageConfig } from './config.ts';
import { type Named, namedAdditions, namedPrograms } from './seeds.ts';
import type { PackRequest } from './types.ts';

export interface Names {
  /** Of the source, under the config of the image to be, with paths as the source has them. */
  readonly facts: Facts;
  readonly named: readonly Named[];
  /** Of the image, with paths as the image has them. */
  readonly config: RunConfig;
}

export async function gatherNames(request: PackRequest): Promise<Names> {
  const { files, config: sourceConfig, platform: sourcePlatform } = request.source;
  const source = createFacts(files, { config: sourceConfig ?? {}, platform: sourcePlatform, cpu: request.cpu });
  const programs = await namedPrograms(source, request);
  const added = await namedAdditions(source, request, await expandAdditions(files, request.add));
  if (programs.length + added.length === 0 && request.shell === undefined) {
    throw new ImageError('USAGE', 'nothing to pack: no program is named, and nothing is added', {
      hint: 'pare pack PROGRAM, or --add PATH',
    });
  }
  const [first] = programs;
  const config = imageConfig(request, first?.path);
  const platform = normalPlatform(request.platform ?? (await platformOf(source, first)) ?? sourcePlatform);
  return {
    facts: { ...source, config, env: environmentOf(config), platform },
    named: [...programs, ...added],
    config: imageConfig(request, first?.to ?? first?.path),
  };
}

async function platformOf(facts: Facts, program: Named | undefined): Promise<Platform | undefined> {
  const elf = program === undefined ? undefined : await facts.elf(program.physical);
  return elf === undefined ? undefined : platformOfElf(elf);
}
