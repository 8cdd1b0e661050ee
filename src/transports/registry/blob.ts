/** Blobs, streamed: a lost connection is taken up where it was lost (distribution-spec, "Pulling blobs"). @module */
import { ImageError } from '../../base/errors.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import type { Run } from '../../ports/run.ts';
import { type Place, placeName, pullScope, tellOfMirror } from './place.ts';
import { Disconnected, pause, RETRIES } from './retry.ts';
import type { RegistryResponse } from './types.ts';

/** Resuming goes on for as long as each time brings at least this many bytes. */
const PROGRESS = 256 * 1024;

type Wanted = Pick<Descriptor, 'digest' | 'size' | 'urls'>;

/** How far it has come: kept from place to place. */
interface Position {
  offset: number;
}

/**
 * The bytes, unverified but for their number: {@link verified} comes after.
 * @param places in order of preference; each goes on where the one before had to give up
 */
export async function* download(places: readonly Place[], wanted: Wanted, run: Run): AsyncGenerator<Uint8Array> {
  const position = { offset: 0 };
  const failures: ImageError[] = [];
  for (const place of places) {
    for (const target of targets(place, wanted)) {
      try {
        return yield* resumed(place, target, wanted, position, run);
      } catch (error) {
        run.signal?.throwIfAborted();
        if (!(error instanceof ImageError)) throw error;
        failures.push(error);
        if (target.startsWith('/') && error.code !== 'NOT_FOUND') break;
      }
    }
    const last = failures.at(-1);
    if (last !== undefined && place !== places.at(-1)) tellOfMirror(last, run);
  }
  throw failures.at(-1) ?? new Error('bug: no place to read from');
}

/** The registry's own copy; then, of layers that registries may not hand on, where their descriptor says they are. */
function targets({ repository }: Place, { digest, urls = [] }: Wanted): readonly string[] {
  const elsewhere = urls.filter((url) => /^https?:\/\//i.test(url)).slice(0, MOST_URLS);
  return [`/v2/${repository}/blobs/${digest}`, ...elsewhere];
}

const MOST_URLS = 5;

async function* resumed(
  place: Place,
  target: string,
  wanted: Wanted,
  position: Position,
  run: Run,
): AsyncGenerator<Uint8Array> {
  let reached = position.offset;
  for (let failed = 0; ; ) {
    const response = await requested(place, target, wanted, position.offset, run);
    try {
      yield* counted(response, wanted, position);
      return;
    } catch (error) {
      run.signal?.throwIfAborted();
      if (!(error instanceof Disconnected) || !error.isTransient) throw error;
      // Everything came but the end of the answer: whether it is right, the digest says.
      if (position.offset === wanted.size) return;
      failed = position.offset - reached >= PROGRESS ? 0 : failed + 1;
      if (failed === 0) reached = position.offset;
      if (failed > RETRIES) throw error;
      await place.world.sleep(pause(failed, place.world), run.signal);
    }
  }
}

async function requested(
  place: Place,
  target: string,
  { digest }: Wanted,
  offset: number,
  run: Run,
): Promise<RegistryResponse> {
  const doing = `reading ${digest} of ${placeName(place)}`;
  return place.client.request(
    {
      method: 'GET',
      target,
      scopes: [pullScope(place)],
      doing,
      ...(offset === 0 ? { expect: [200] } : { expect: [200, 206, 416], headers: { range: `bytes=${offset}-` } }),
    },
    run,
  );
}

/** From the position on; never more bytes than there should be. */
async function* counted(response: RegistryResponse, wanted: Wanted, position: Position): AsyncGenerator<Uint8Array> {
  const { digest, size } = wanted;
  const start = startOf(response, wanted, position.offset);
  if (start === undefined) {
    await response.discard();
    throw wrongSize(wanted, response, `has only ${position.offset}`);
  }
  // A server that knows no ranges begins at the beginning.
  let skip = position.offset - start;
  for await (const piece of response.body) {
    const fresh = piece.subarray(Math.min(skip, piece.length));
    skip -= piece.length - fresh.length;
    if (fresh.length === 0) continue;
    if (position.offset + fresh.length > size) throw wrongSize(wanted, response, 'has more');
    position.offset += fresh.length;
    yield fresh;
  }
  if (position.offset === size) return;
  throw new Disconnected(`reading ${digest}: ${response.url.host} ended after ${position.offset} of ${size} bytes`, {
    isTransient: true,
    isSent: true,
    reason: 'truncated',
  });
}

/** Where the answer begins; undefined where the blob ends before what was asked for. */
function startOf(response: RegistryResponse, wanted: Wanted, offset: number): number | undefined {
  const { status, headers, url } = response;
  if (status === 416) return undefined;
  if (status === 200) {
    const length = headers['content-length'];
    if (length !== undefined && Number(length) !== wanted.size) throw wrongSize(wanted, response, `has ${length}`);
    return 0;
  }
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '') ?? [];
  if (total !== undefined && total !== '*' && Number(total) !== wanted.size) {
    throw wrongSize(wanted, response, `has ${total}`);
  }
  if (start !== undefined && Number(start) === offset) return offset;
  throw new ImageError(
    'INVALID',
    `reading ${wanted.digest}: ${url.host} was asked for what follows byte ${offset}, and gives something else`,
  );
}

function wrongSize({ digest, size }: Wanted, { url }: RegistryResponse, found: string): ImageError {
  return new ImageError('DIGEST_MISMATCH', `${digest}: its descriptor states ${size} bytes; ${url.host} ${found}`, {
    hint: 'the registry is damaged, or the manifest lies: tell whoever runs the registry, or made the image',
  });
}
