/** Bytes checked against what their descriptor promises, at the point where they come in. @module */
import { algorithmOf, Digester } from '../base/digest.ts';
import { ImageError } from '../base/errors.ts';
import { collect } from '../base/stream.ts';
import { MANIFEST_LIMIT } from '../formats/oci/parse.ts';
import type { Descriptor } from '../formats/oci/types.ts';
import type { Source } from './content-store.ts';
import type { Run } from './run.ts';

type Wanted = Pick<Descriptor, 'digest' | 'size'>;

/** What streams have been promised to be: whoever gets one need not hash it again. */
const promised = new WeakMap<AsyncIterable<Uint8Array>, Wanted>();

/**
 * The same bytes. Ends with an error, after the last piece, where size or digest differ, and as soon as there are too many
 * bytes. Whoever stops before the end has not verified anything. Bytes that are verified already are given as they are: they
 * are hashed once, however many ask for it.
 * @param where what is read, for the message: `the store`, a file's path
 * @throws ImageError DIGEST_MISMATCH
 */
export function verified(
  { digest, size }: Wanted,
  bytes: AsyncIterable<Uint8Array>,
  where: string,
): AsyncIterable<Uint8Array> {
  const known = promised.get(bytes);
  if (known?.digest === digest && known.size === size) return bytes;
  const checked = checking({ digest, size }, bytes, where);
  promised.set(checked, { digest, size });
  return checked;
}

/** Says that `bytes` are those of `from`, all of them or ending with an error: as verified as those are. */
export function handedOn<T extends AsyncIterable<Uint8Array>>(from: AsyncIterable<Uint8Array>, bytes: T): T {
  const known = promised.get(from);
  if (known !== undefined) promised.set(bytes, known);
  return bytes;
}

async function* checking(wanted: Wanted, bytes: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<Uint8Array> {
  const digester = new Digester(algorithmOf(wanted.digest));
  for await (const piece of bytes) {
    digester.update(piece);
    if (digester.size > wanted.size) {
      throw mismatch(wanted, where, `more than the ${wanted.size} bytes its descriptor states`);
    }
    yield piece;
  }
  if (digester.size !== wanted.size) {
    throw mismatch(wanted, where, `${digester.size} bytes; its descriptor states ${wanted.size}`);
  }
  const digest = digester.digest();
  if (digest !== wanted.digest) throw mismatch(wanted, where, `the digest ${digest}`);
}

function mismatch({ digest }: Wanted, where: string, found: string): ImageError {
  return new ImageError('DIGEST_MISMATCH', `${digest} in ${where} is damaged: it has ${found}`, {
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
