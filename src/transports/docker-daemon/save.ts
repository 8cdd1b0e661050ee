/** An image of the daemon as the archive that `docker save` would write. @module */
import type { DaemonReference } from '../../formats/reference/parse.ts';
import type { Run } from '../../ports/run.ts';
import { type Archive, archiveIn } from '../../system/archive.ts';
import { spooled } from '../../system/open-file.ts';
import { connectDaemon } from './client.ts';
import type { Env } from './endpoint.ts';
import { daemonName } from './name.ts';

/**
 * Spools it: a daemon streams, and an image is read at any position. The archive holds this image only.
 * @throws ImageError NOT_FOUND, UNAVAILABLE, DENIED, IO
 */
export async function saveFromDaemon({ image, text }: DaemonReference, env: Env, run: Run = {}): Promise<Archive> {
  const daemon = await connectDaemon(env, run);
  const name = daemonName(image);
  const bytes = await daemon.get(`/images/get?names=${encodeURIComponent(name)}`, `cannot save ${name}`, run);
  return archiveIn(await spooled(bytes, text, run), text);
}
