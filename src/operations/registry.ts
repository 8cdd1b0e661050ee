/** Images of the store and their registries: sending, and taking away. @module */
import type { Digest } from '../base/digest.ts';
import { ImageError } from '../base/errors.ts';
import type { Descriptor } from '../formats/oci/types.ts';
import { formatNamed } from '../formats/reference/docker.ts';
import { parseReference, type Reference } from '../formats/reference/parse.ts';
import { registryAccess } from '../registries.ts';
import type { Access } from '../sources.ts';
import { storeDirectory } from '../store/directory.ts';
import { findImage, notInStore } from '../store/source.ts';
import { isLayout } from '../system/layout-directory.ts';
import { deleteFromRegistry } from '../transports/registry/delete.ts';
import { type CopyRequest, copy } from './copy.ts';

export interface PushRequest extends Omit<CopyRequest, 'from' | 'to' | 'time'> {
  /** A name or a digest in the store. */
  readonly image: string;
  /** Default: the image's own name. */
  readonly to?: string;
}

export interface Pushed {
  /** `docker://…`, in full. */
  readonly reference: string;
  readonly descriptor: Descriptor;
}

/** @throws ImageError NOT_FOUND where the store has no such image; USAGE; what the registry says */
export async function push({ image, to, ...options }: PushRequest, access: Access): Promise<Pushed> {
  const from = parseReference(image);
  const dir = storeDirectory(access.env);
  if (from.kind !== 'store') {
    throw new ImageError('USAGE', `${image} is not an image of the store`, { hint: `pare copy ${image} docker://…` });
  }
  if (!isLayout(dir) || findImage(dir, from) === undefined) throw notInStore(dir, from);
  const reference = inRegistry(parseReference(to ?? image));
  const copied = await copy({ ...options, from: image, to: reference }, access);
  if (copied.kind !== 'image') throw new Error('bug: a registry holds images');
  return { reference, descriptor: copied.descriptor };
}

/** A plain name is one of a registry here. */
function inRegistry(reference: Reference): string {
  if (reference.kind === 'docker') return reference.text;
  if (reference.kind === 'store' && reference.named !== undefined) return `docker://${formatNamed(reference.named)}`;
  const hint = reference.kind === 'store' ? 'give the name it is to have: pare push IMAGE HOST/NAME:TAG' : undefined;
  throw new ImageError('USAGE', `${reference.text} is no name in a registry`, {
    hint: hint ?? `to write elsewhere: pare copy IMAGE ${reference.text}`,
  });
}

export interface Deleted {
  readonly reference: string;
  /** By tag only the name goes. */
  readonly deleted: 'tag' | 'image';
  /** Of an image. */
  readonly digest?: Digest;
}

/** @throws ImageError USAGE for what is in no registry; NOT_FOUND, DENIED; UNSUPPORTED where the registry does not delete */
export async function deleteImage(text: string, access: Access): Promise<Deleted> {
  const reference = parseReference(text);
  if (reference.kind !== 'docker') {
    throw new ImageError('USAGE', `${text} is in no registry`, {
      hint:
        reference.kind === 'store'
          ? `of the registry: docker://${text}; of the store: pare rm ${text}`
          : 'docker://HOST/NAME:TAG is',
    });
  }
  await deleteFromRegistry(reference, registryAccess(access), access.run ?? {});
  const { digest } = reference.named;
  return { reference: text, ...(digest === undefined ? { deleted: 'tag' } : { deleted: 'image', digest }) };
}
