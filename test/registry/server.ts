/**
 * A registry for tests, in memory and in the test's own process: distribution-spec 1.1 as it is written, so that whatever a
 * client says of it beyond that is the client's mistake. What it does wrong is added from outside (`faults.ts`).
 * @module
 */
import { refused } from './answers.ts';
import { type Action, type AuthOptions, Authority, type Wanted } from './auth.ts';
import { type BlobOptions, blob, ranged } from './blobs.ts';
import { type Handle, type Listener, type ListenOptions, listen, type Question } from './http.ts';
import { type ManifestOptions, manifest, referrers, tags } from './manifests.ts';
import { type Repository, Storage } from './storage.ts';
import { continueUpload, startUpload, type UploadOptions } from './uploads.ts';
import type { Answer } from './wire.ts';

export interface RegistryOptions extends ListenOptions, BlobOptions, ManifestOptions, UploadOptions {
  readonly auth?: AuthOptions;
  /** In milliseconds; what tokens expire by. */
  readonly now?: () => number;
  /** What it holds; default nothing. Two servers with one storage are two doors of one registry. */
  readonly storage?: Storage;
  /** Stands before everything else: where faults come in. */
  readonly around?: (handle: Handle) => Handle;
}

export interface Registry extends Listener {
  readonly storage: Storage;
  readonly authority: Authority | undefined;
}

const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const ROUTE = /^\/v2\/(.+)\/(blobs|manifests|tags|referrers)\/(.*)$/;
const STORAGE_ROUTE = /^\/storage\/(.+)\/([^/]+)$/;

export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const storage = options.storage ?? new Storage();
  const now = options.now ?? Date.now;
  const authority = options.auth === undefined ? undefined : new Authority(options.auth, now);
  let origin = '';
  const handle: Handle = async (question) => {
    const answer = await answerTo(question, { options, storage, authority, origin });
    return { ...answer, headers: { 'Docker-Distribution-API-Version': 'registry/2.0', ...answer.headers } };
  };
  const listener = await listen(options.around?.(handle) ?? handle, options);
  origin = listener.origin;
  return { ...listener, storage, authority };
}

interface Context {
  readonly options: RegistryOptions;
  readonly storage: Storage;
  readonly authority: Authority | undefined;
  readonly origin: string;
}

async function answerTo(question: Question, context: Context): Promise<Answer> {
  const { authority, origin, storage } = context;
  const { pathname } = question.url;
  if (pathname === '/token' && authority !== undefined) return authority.token(question);
  if (pathname.startsWith('/storage/')) return stored(question, storage);
  if (pathname === '/v2/' || pathname === '/v2') return authority?.check(question, origin, []) ?? { status: 200 };
  const [, name = '', kind, rest = ''] = ROUTE.exec(pathname) ?? [];
  if (kind === undefined) return { status: 404, body: Buffer.from('404 page not found\n') };
  const uploadId = kind === 'blobs' ? /^uploads(?:\/(.*))?$/.exec(rest) : null;
  if (!NAME.test(name)) return refused('NAME_INVALID', `invalid repository name: ${name}`);
  const wanted: Wanted[] = [{ repository: name, actions: actionsFor(question.method, uploadId !== null) }];
  const denied = authority?.check(question, origin, wanted);
  if (denied !== undefined) return denied;
  const store = storage.repository(name);
  if (uploadId !== null) return upload(question, uploadId[1] ?? '', name, store, context);
  switch (kind) {
    case 'blobs':
      return blob(question, name, rest, store, context.options);
    case 'manifests':
      return manifest(question, name, rest, store, context.options);
    case 'tags':
      return tags(question, name, store, context.options);
    default:
      return referrers(question, rest, store, context.options);
  }
}

function actionsFor(method: string, isUpload: boolean): readonly Action[] {
  if (method === 'GET' || method === 'HEAD') return isUpload ? ['pull', 'push'] : ['pull'];
  return method === 'DELETE' && !isUpload ? ['delete'] : ['pull', 'push'];
}

function upload(question: Question, id: string, name: string, store: Repository, context: Context): Promise<Answer> {
  const mountable = (from: string) => {
    const may = context.authority?.mayPull(question, from) ?? true;
    return may ? context.storage.repository(from) : undefined;
  };
  const place = { name, store, options: context.options, mountable };
  return id === '' ? startUpload(question, place) : continueUpload(question, id, place);
}

/** What registries redirect to: an object store, whose signed addresses refuse a second means of authentication. */
function stored(question: Question, storage: Storage): Answer {
  const [, name = '', digest = ''] = STORAGE_ROUTE.exec(question.url.pathname) ?? [];
  if (question.headers.authorization !== undefined) {
    return { status: 400, body: Buffer.from('<Code>InvalidArgument</Code>: only one auth mechanism allowed') };
  }
  const bytes = storage.repository(name).blobs.get(digest);
  if (bytes === undefined || !question.url.searchParams.has('signature')) return { status: 403 };
  return ranged(question, bytes, digest, false);
}
