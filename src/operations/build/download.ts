/** Files from the net, for ADD and for contexts. @module */
import { type DigestAlgorithm, Digester, isDigest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { redacted } from '../../base/secrets.ts';
import { tapped } from '../../base/stream.ts';
import { sliceContent } from '../../model/content.ts';
import type { FileNode } from '../../model/node.ts';
import type { Run } from '../../ports/run.ts';
import { handleBlob } from '../../system/file-blob.ts';
import { spool } from '../../system/spool.ts';

/**
 * The file, readable until the stack is disposed of: of root, 0600, with the time that the server states, as BuildKit has it.
 * @param checksum `sha256:…`, that the bytes must have
 * @throws ImageError NOT_FOUND, DENIED, IO; DIGEST_MISMATCH; USAGE for a checksum that is none
 */
export async function download(
  url: string,
  checksum: string | undefined,
  stack: AsyncDisposableStack,
  run: Run,
): Promise<FileNode> {
  if (checksum !== undefined && !isDigest(checksum)) {
    throw new ImageError('USAGE', `"${checksum}" is no checksum of a file`, {
      hint: 'write sha256: or sha512: and the hexadecimal digits',
    });
  }
  const { body, modified } = await get(url, run);
  const digester = new Digester((checksum?.slice(0, 6) as DigestAlgorithm | undefined) ?? 'sha256');
  const spooled = stack.use(await spool(tapped(body, digester), redacted(url), run));
  const digest = digester.digest();
  if (checksum !== undefined && digest !== checksum) {
    throw new ImageError(
      'DIGEST_MISMATCH',
      `${redacted(url)} has the digest ${digest}, and --checksum states ${checksum}`,
    );
  }
  const content = sliceContent(handleBlob(digest, spooled.handle, url), 0, spooled.size);
  return { kind: 'file', meta: { mode: 0o600, uid: 0, gid: 0 }, mtime: modified, mtimeNs: 0, link: undefined, content };
}

async function get(
  url: string,
  { signal }: Run,
): Promise<{ readonly body: AsyncIterable<Uint8Array>; readonly modified: number }> {
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  let response: Awaited<ReturnType<typeof fetch>>;
  try {
    response = await fetch(url, { dispatcher: new EnvHttpProxyAgent(), signal: signal ?? null });
  } catch (error) {
    signal?.throwIfAborted();
    const { cause } = error as Error;
    const reason = cause instanceof Error ? cause.message : (error as Error).message;
    throw new ImageError('IO', `cannot download ${redacted(url)}: ${reason}`, { cause: error });
  }
  if (!response.ok || response.body === null) {
    const code = response.status === 404 ? 'NOT_FOUND' : [401, 403].includes(response.status) ? 'DENIED' : 'IO';
    throw new ImageError(
      code,
      `cannot download ${redacted(url)}: the server says ${response.status} ${response.statusText}`,
    );
  }
  const time = Date.parse(response.headers.get('last-modified') ?? '');
  return { body: response.body, modified: Number.isNaN(time) ? 0 : Math.floor(time / 1000) };
}
