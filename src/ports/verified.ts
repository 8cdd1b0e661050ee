/** Bytes checked against what their descriptor promises, at the point where they come in. @module */
import { algorithmOf, Digester } from '../base/digest.ts';
import { ImageError } from '../base/errors.ts';
import { collect } from '../base/stream.ts';
import { MANIFEST_LIMIT } from '../formats/oci/parse.ts';
import type { Descriptor } from '../formats/oci/types.ts';
import type { Source } from './content-store.ts';
import type { Run } from './run.ts';

/**
 * The same bytes. Ends with an error, after the last piece, where size or digest differ, and as soon as there are too many
 * bytes. Whoever stops before the end has not verified anything.
 * @param where what is read, for the message: `the store`, a file's path
 * @throws ImageError DIGEST_MISMATCH
 */
export async function* verified(
  descriptor: Pick<Descriptor, 'digest' | 'size'>,
  bytes: AsyncIterable<Uint8Array>,
  where: string,
): AsyncGenerator<Uint8Array> {
  const digester = new Digester(algorithmOf(descriptor.digest));
  for await (const piece of bytes) {
    digester.update(piece);
    if (digester.size > descriptor.size) {
      throw mismatch(descriptor, where, `more than the ${descriptor.size} bytes its descriptor states`);
    }
    yield piece;
  }
  if (digester.size !== descriptor.size) {
    throw mismatch(descriptor, where, `${digester.size} bytes; its descriptor states ${descriptor.size}`);
  }
  const digest = digester.digest();
  if (digest !== descriptor.digest) throw mismatch(descriptor, where, `the digest ${digest}`);
}

function mismatch(descriptor: Pick<Descriptor, 'digest'>, where: string, found: string): ImageError {
  return new ImageError('DIGEST_MISMATCH', `${descriptor.digest} in ${where} is damaged: it has ${found}`, {
    hint: 'get the image again from where it came from',
  });
}

/** A small document (manifest, index, config) as a whole, verified. @throws ImageError LIMIT beyond 4 MiB */
export async function readDocument(source: Source, descriptor: Descriptor, run?: Run): Promise<Uint8Array> {
  const what = `${descriptor.mediaType} ${descriptor.digest}`;
  if (descriptor.size > MANIFEST_LIMIT) {
    throw new ImageError('LIMIT', `${what} has ${descriptor.size} bytes; more than ${MANIFEST_LIMIT} are not read`);
  }
  return collect(source.fetch(descriptor, run), MANIFEST_LIMIT, what);
}
