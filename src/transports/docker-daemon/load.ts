/** An archive that flows into the daemon while it is written, as `docker load` would send it. @module */
import { ImageError } from '../../base/errors.ts';
import { isObject, parseJson } from '../../base/json.ts';
import type { NamedReference } from '../../formats/reference/docker.ts';
import type { DaemonReference } from '../../formats/reference/parse.ts';
import type { Run } from '../../ports/run.ts';
import { type ArchiveWriter, archiveWriter } from '../../system/archive-writer.ts';
import { connectDaemon } from './client.ts';
import type { Env } from './endpoint.ts';

export interface DaemonLoad {
  readonly writer: ArchiveWriter;
  readonly named: NamedReference;
}

/**
 * The daemon loads nothing of an archive that does not come to its end.
 * @throws ImageError USAGE where the reference is no name; UNAVAILABLE, DENIED
 */
export async function loadIntoDaemon({ image, text }: DaemonReference, env: Env, run: Run = {}): Promise<DaemonLoad> {
  if (typeof image === 'string' || image.digest !== undefined) {
    throw new ImageError('USAGE', `${text}: a daemon works out the digest of what it loads`, {
      hint: 'write docker-daemon:NAME[:TAG]',
    });
  }
  const daemon = await connectDaemon(env, run);
  const doing = `cannot load ${text}`;
  const posting = daemon.post('/images/load?quiet=1', doing, run);
  const writer = archiveWriter({
    write: (piece) => posting.write(piece),
    publish: async () => refuseErrors(await posting.finish(), `${doing}: the daemon at ${daemon.shown} says`),
    [Symbol.asyncDispose]: () => posting[Symbol.asyncDispose](),
  });
  return { writer, named: image };
}

/** The status is sent before the work is done: what goes wrong then stands in a line of the answer. */
function refuseErrors(answer: Uint8Array, saying: string): void {
  for (const line of new TextDecoder().decode(answer).split('\n')) {
    if (!line.trimStart().startsWith('{')) continue;
    const value = parseJson(Buffer.from(line), saying, line.length * 4);
    const error = isObject(value) ? value['error'] : undefined;
    if (typeof error === 'string') throw new ImageError('IO', `${saying}: ${error.slice(0, 2000)}`);
  }
}
