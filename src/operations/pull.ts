/** From a registry into the store, and what a registry has. @module */
import { ImageError } from '../base/errors.ts';
import type { Descriptor, Platform } from '../formats/oci/types.ts';
import {
  familiarRepository,
  formatNamed,
  parseNamed,
  repositoryOf,
  withDefaultTag,
} from '../formats/reference/docker.ts';
import { parseReference } from '../formats/reference/parse.ts';
import { registryAccess } from '../registries.ts';
import type { Access } from '../sources.ts';
import { copy } from './copy.ts';

export interface PullRequest {
  /** `NAME[:TAG][@DIGEST]`, with or without `docker://`. */
  readonly reference: string;
  /** What the store is to call it; default as the registry does. */
  readonly name?: string;
  /** Of an index; default all. */
  readonly platforms?: readonly Platform[];
}

export interface Pulled {
  /** In full: `docker.io/library/redis:7`. */
  readonly name: string;
  readonly descriptor: Descriptor;
}

/** Asks the registry, whatever the store has under the name; what it has of the image is not fetched again. @throws ImageError */
export async function pull({ reference, name, platforms }: PullRequest, access: Access): Promise<Pulled> {
  const { kind } = parseReference(reference);
  if (kind !== 'store' && kind !== 'docker') {
    throw new ImageError('USAGE', `${reference} is in no registry`, { hint: `pare copy ${reference} NAME` });
  }
  const named = withDefaultTag(parseNamed(withoutTransport(reference)));
  const kept = name === undefined ? named : withDefaultTag(parseNamed(name));
  if (kept.tag === undefined) {
    throw new ImageError('USAGE', `${reference} names an image by its digest, and the store needs a name for it`, {
      hint: `write -t ${familiarRepository(kept)}:TAG`,
    });
  }
  const to = formatNamed({ ...kept, digest: undefined });
  const from = `docker://${formatNamed(named)}`;
  const copied = await copy({ from, to, ...(platforms === undefined ? {} : { platforms }) }, access);
  if (copied.kind !== 'image') throw new Error('bug: a registry holds images');
  return { name: to, descriptor: copied.descriptor };
}

export interface Tags {
  /** In full: `docker.io/library/redis`. */
  readonly repository: string;
  /** Sorted by code unit. */
  readonly tags: readonly string[];
}

/** @param repository without a tag. @throws ImageError */
export async function listTags(repository: string, access: Access): Promise<Tags> {
  const named = parseNamed(withoutTransport(repository));
  if (named.tag !== undefined || named.digest !== undefined) {
    throw new ImageError('USAGE', `${repository} is one image of a repository, whose tags are to be listed`, {
      hint: `write ${familiarRepository(named)}`,
    });
  }
  const { readTags } = await import('../transports/registry/source.ts');
  const tags = await readTags(named, access.registries ?? registryAccess(access), access.run);
  return { repository: repositoryOf(named), tags };
}

function withoutTransport(text: string): string {
  return text.startsWith('docker://') ? text.slice('docker://'.length) : text;
}
