/** Files from the net, for ADD and for contexts. @module */
import { algorithmOf, type Digest, Digester, isDigest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { keepSecret, redacted } from '../../base/secrets.ts';
import { pieces } from '../../base/stream.ts';
import { sliceContent } from '../../model/content.ts';
import { contentPieces } from '../../model/layer/content-pieces.ts';
import type { FileNode } from '../../model/node.ts';
import type { Run } from '../../ports/run.ts';
import { handleBlob } from '../../system/file-blob.ts';
import { type Downloads, type KeptDownload, keyOfAddress, type OpenDownload, type Validators } from './downloads.ts';

/**
 * The file, readable until the stack is disposed of: of root, 0600, with the time that the server states, as BuildKit has it.
 * @param checksum `sha256:…`, that the bytes must have: then nobody is asked if they are here already
 * @throws ImageError NOT_FOUND, DENIED, IO; DIGEST_MISMATCH; USAGE for a checksum or an address that is none
 */
export async function download(
  url: string,
  checksum: string | undefined,
  downloads: Downloads,
  stack: AsyncDisposableStack,
  run: Run,
): Promise<FileNode> {
  if (checksum !== undefined && !isDigest(checksum)) {
    throw new ImageError('USAGE', `"${checksum}" is no checksum of a file`, {
      hint: 'write sha256: or sha512: and the hexadecimal digits',
    });
  }
  const { address, authorization } = addressOf(url);
  const request = { url: address, key: keyOfAddress(address, authorization), authorization };
  const found =
    (await pinned(request, checksum, downloads, stack, run)) ?? (await asked(request, downloads, stack, run));
  const content = sliceContent(handleBlob(found.digest, found.handle, redacted(url)), 0, found.size);
  const times = { mtime: found.modified, mtimeNs: 0 };
  const node: FileNode = { kind: 'file', meta: { mode: 0o600, uid: 0, gid: 0 }, ...times, link: undefined, content };
  if (checksum !== undefined) await assertChecksum(node, found.digest, checksum, url, run);
  return node;
}

type Found = OpenDownload & { readonly digest: Digest; readonly modified: number };

interface Request {
  /** Without a user and a password. */
  readonly url: string;
  readonly key: Digest;
  readonly authorization: string | undefined;
}

function addressOf(text: string): { readonly address: string; readonly authorization: string | undefined } {
  if (!URL.canParse(text)) throw new ImageError('USAGE', `"${redacted(text)}" is no address`);
  const url = new URL(text);
  const { username, password } = url;
  url.hash = '';
  url.username = '';
  url.password = '';
  if (username === '' && password === '') return { address: url.href, authorization: undefined };
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  keepSecret(pair);
  return { address: url.href, authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** What is here and has the digest that is wanted. */
async function pinned(
  { key }: Request,
  checksum: Digest | undefined,
  downloads: Downloads,
  stack: AsyncDisposableStack,
  run: Run,
): Promise<Found | undefined> {
  const known = downloads.known(key);
  return known !== undefined && known.digest === checksum ? keptFile(known, downloads, stack, run) : undefined;
}

async function keptFile(
  { digest, modified }: KeptDownload,
  downloads: Downloads,
  stack: AsyncDisposableStack,
  run: Run,
): Promise<Found | undefined> {
  const kept = await downloads.open(digest, run);
  if (kept === undefined) return undefined;
  stack.use(kept.handle);
  return { ...kept, digest, modified };
}

/** Of the server: the file, or that it is still the one that is here. */
async function asked(request: Request, downloads: Downloads, stack: AsyncDisposableStack, run: Run): Promise<Found> {
  const known = downloads.known(request.key);
  const kept = known && (await keptFile(known, downloads, stack, run));
  const { status, headers, body } = await get(request, kept && known, run);
  if (status === 304 && kept !== undefined) return kept;
  const added = await downloads.add(wholeBody(body, request.url, run), run);
  stack.use(added.handle);
  const time = Date.parse(headers.get('last-modified') ?? '');
  const modified = Number.isNaN(time) ? 0 : Math.floor(time / 1000);
  await downloads.remember(request.key, { digest: added.digest, modified, ...validatorsOf(headers) });
  return { ...added, modified };
}

/** A minute, in milliseconds: a file that changes twice within a second has one time. */
const SETTLED = 60_000;

/** Those by which the same bytes are meant: no weak tag (RFC 9110, 8.8.1), and no time that is too near (8.8.2.2). */
function validatorsOf(headers: Pick<Headers, 'get'>): Validators {
  const etag = headers.get('etag') ?? undefined;
  const lastModified = headers.get('last-modified') ?? undefined;
  const age = Date.parse(headers.get('date') ?? '') - Date.parse(lastModified ?? '');
  return {
    etag: etag?.startsWith('"') ? etag : undefined,
    lastModified: age >= SETTLED ? lastModified : undefined,
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Pick<Headers, 'get'>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** @returns a whole file, or 304 where the validators were given */
async function get({ url, authorization }: Request, known: Validators | undefined, { signal }: Run): Promise<Answer> {
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  const conditions = conditionsOf(known);
  const own = authorization === undefined ? {} : { authorization };
  let response: Awaited<ReturnType<typeof fetch>>;
  try {
    const headers = { 'accept-encoding': 'identity', ...own, ...conditions };
    response = await fetch(url, { dispatcher: new EnvHttpProxyAgent(), signal: signal ?? null, headers });
  } catch (error) {
    signal?.throwIfAborted();
    throw unreachable(url, error);
  }
  const { status, statusText, headers, body } = response;
  if (status === 200 && body !== null) return { status, headers, body };
  await body?.cancel();
  if (status === 304 && Object.keys(conditions).length > 0) return { status, headers, body: pieces() };
  const code = [404, 410].includes(status) ? 'NOT_FOUND' : [401, 403].includes(status) ? 'DENIED' : 'IO';
  throw new ImageError(code, `cannot download ${redacted(url)}: the server says ${status} ${statusText}`);
}

function conditionsOf(known: Validators | undefined): Readonly<Record<string, string>> {
  if (known?.etag !== undefined) return { 'if-none-match': known.etag };
  return known?.lastModified === undefined ? {} : { 'if-modified-since': known.lastModified };
}

/** The bytes, and an error that says what was being downloaded where they end too early. */
async function* wholeBody(body: AsyncIterable<Uint8Array>, url: string, { signal }: Run): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    signal?.throwIfAborted();
    throw unreachable(url, error);
  }
}

function unreachable(url: string, error: unknown): ImageError {
  const { cause, message } = error as Error;
  const reason = cause instanceof Error ? cause.message : message;
  return new ImageError('IO', `cannot download ${redacted(url)}: ${redacted(reason)}`, { cause: error });
}

async function assertChecksum(file: FileNode, digest: Digest, checksum: Digest, url: string, run: Run): Promise<void> {
  const algorithm = algorithmOf(checksum);
  let actual = digest;
  if (algorithm !== 'sha256') {
    const digester = new Digester(algorithm);
    for await (const piece of contentPieces(file.content)) {
      run.signal?.throwIfAborted();
      digester.update(piece);
    }
    actual = digester.digest();
  }
  if (actual === checksum) return;
  throw new ImageError(
    'DIGEST_MISMATCH',
    `${redacted(url)} has the digest ${actual}, and --checksum states ${checksum}`,
  );
}
