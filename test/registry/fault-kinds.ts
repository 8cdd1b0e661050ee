/** The kinds of faults, and what each does to a request and its answer. @module */
import { refused } from './answers.ts';
import type { Authority } from './auth.ts';
import type { Handle, Question } from './http.ts';
import type { Chance } from './schedule.ts';
import type { Repository, Storage } from './storage.ts';
import { type Answer, CUT_PLACES, type Wire } from './wire.ts';

/** The connection ends, at whatever byte: nothing was said that is not true. */
export const RESETS = ['reset', 'refuse', 'cut-request'] as const;
/** And the registry is busy, or forgets: honest troubles, which patience overcomes. */
export const TROUBLES = [
  ...RESETS,
  'server-error',
  'too-many',
  'expire',
  'lose-session',
  'lose-bytes',
  'out-of-order',
] as const;
/** And it lies. */
export const LIES = [
  'truncate',
  'corrupt',
  'wrong-digest-header',
  'wrong-length',
  'endless',
  'redirect-loop',
  'range-lies',
  'status-lies',
  'duplicate',
  'garbage',
  'no-location',
  'odd-status',
] as const;

export type FaultKind = (typeof TROUBLES)[number] | (typeof LIES)[number];

/** What faults reach for besides the connection. */
export interface Reach {
  readonly storage: Storage;
  readonly authority: Authority | undefined;
}

/** The request as it goes with this fault. */
export async function suffer(
  kind: FaultKind,
  luck: Chance,
  question: Question,
  handle: Handle,
  registry: Reach,
): Promise<Answer> {
  switch (kind) {
    case 'refuse':
      question.hangUp(luck.pick(['reset', 'end']));
      return { status: 500 };
    case 'cut-request':
      return handle({ ...question, body: brokenOff(question, luck) });
    case 'expire':
      registry.authority?.expireTokens();
      return handle(question);
    case 'lose-session':
      repositoryOf(question, registry).uploads.clear();
      return handle(question);
    case 'lose-bytes':
      loseBytes(repositoryOf(question, registry), luck);
      return handle(question);
    case 'out-of-order':
      return outOfOrder(question, repositoryOf(question, registry), handle);
    case 'duplicate':
      return duplicated(question, repositoryOf(question, registry), handle);
    case 'too-many':
      return { ...refused('TOOMANYREQUESTS', 'slow down', retryAfter(luck)) };
    case 'server-error': {
      const status = luck.pick([500, 502, 503, 504]);
      // Whether it was done all the same, nobody can know.
      if (luck.next() < 0.5) await handle(question);
      return { status, body: Buffer.from('<html>try again</html>'), headers: { 'Content-Type': 'text/html' } };
    }
    case 'odd-status':
      return { status: luck.pick([400, 402, 403, 404, 406, 409, 418, 451, 205, 304, 505]) };
    case 'redirect-loop': {
      const location = new URL(question.url);
      location.searchParams.set('again', String(luck.below(luck.pick([1, 1_000_000]))));
      return {
        status: luck.pick([301, 302, 303, 307, 308]),
        headers: { Location: location.pathname + location.search },
      };
    }
    default:
      return changed(kind, luck, question, await handle(question));
  }
}

function changed(kind: FaultKind, luck: Chance, question: Question, answer: Answer): Answer {
  const body = Buffer.from(answer.body ?? []);
  switch (kind) {
    case 'reset':
      return wired(answer, {
        cut: { place: luck.pick(CUT_PLACES), at: luck.next(), how: luck.pick(['reset', 'end']) },
        ...(luck.next() < 0.3 ? { chunk: 1 + luck.below(9_000) } : {}),
      });
    case 'truncate':
      return relength(answer, body.subarray(0, luck.below(Math.max(body.length, 1))));
    case 'corrupt':
      if (body.length > 0) body.writeUInt8(body.readUInt8(0) ^ 1, 0);
      if (body.length > 0) body.writeUInt8(body.readUInt8(body.length - 1) ^ 1, body.length - 1);
      return { ...answer, body };
    case 'wrong-digest-header':
      return withHeader(answer, 'Docker-Content-Digest', `sha256:${'0'.repeat(64)}`);
    case 'wrong-length':
      return wired(answer, { length: Math.max(body.length + luck.pick([-7, -1, 1, 1000, 2 ** 40]), 0) });
    case 'endless':
      return wired(answer, { endless: true, ...(luck.next() < 0.5 ? { chunk: 16_384 } : {}) });
    case 'range-lies':
      return rangeLies(answer, body, luck);
    case 'status-lies':
      return withHeader(
        answer,
        'Range',
        luck.pick(['0-', '', '0-99999999999', '-5', '7-3', 'bytes=0-0', '0-1', '0-999']),
      );
    case 'garbage':
      return relength(
        answer,
        Buffer.from(luck.pick(['', '{', '[]', 'null', '{"manifests":5}', '<html>', '"\\ud800"'])),
      );
    case 'no-location':
      return withHeader(answer, 'Location', luck.pick(['', 'http://[', '//', `${question.url.pathname}/nowhere`]));
    default:
      return answer;
  }
}

function wired(answer: Answer, wire: Wire): Answer {
  return { ...answer, wire };
}

function withHeader(answer: Answer, name: string, value: string): Answer {
  return { ...answer, headers: { ...answer.headers, [name]: value } };
}

function relength(answer: Answer, body: Buffer): Answer {
  return { ...withHeader(answer, 'Content-Length', String(body.length)), body };
}

/** Another part than the one that was asked for: said so, or not. */
function rangeLies(answer: Answer, body: Buffer, luck: Chance): Answer {
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(answer.headers?.['Content-Range'] ?? '');
  if (range === null) return answer;
  const [start, end, size] = range.slice(1).map(Number) as [number, number, number];
  switch (luck.below(4)) {
    case 0: // one byte late, and honest
      return relength(withHeader(answer, 'Content-Range', `bytes ${start + 1}-${end}/${size}`), body.subarray(1));
    case 1: // one byte late, and one byte of nothing at the end
      return { ...answer, body: Buffer.concat([body.subarray(1), Buffer.alloc(1)]) };
    case 2: // of a longer blob
      return withHeader(answer, 'Content-Range', `bytes ${start}-${end}/${size + 1}`);
    default: // without saying which
      return withHeader(answer, 'Content-Range', luck.pick(['', 'bytes */*', 'bytes 9-1/5', 'lines 1-2/3']));
  }
}

function retryAfter(luck: Chance): Record<string, string> {
  const value = luck.pick(['0', '1', '30', 'Fri, 31 Dec 1999 23:59:59 GMT', 'soon', '-1', undefined]);
  return value === undefined ? {} : { 'Retry-After': value };
}

/** Some bytes of what the client sends, and then nothing more. */
async function* brokenOff(question: Question, luck: Chance): AsyncGenerator<Buffer> {
  const length = Number(question.headers['content-length'] ?? 65_536);
  const until = luck.pick([0, 1, luck.below(length), Math.max(length - 1, 0), length]);
  let seen = 0;
  for await (const piece of question.body) {
    const wanted = piece.subarray(0, until - seen);
    seen += wanted.length;
    if (wanted.length > 0) yield wanted;
    if (seen >= until) break;
  }
  question.hangUp(luck.pick(['reset', 'end']));
  throw new Error('the connection was lost');
}

function repositoryOf({ url }: Question, { storage }: Reach): Repository {
  return storage.repository(/^\/v2\/(.+)\/(?:blobs|manifests|tags|referrers)\//.exec(url.pathname)?.[1] ?? '');
}

/** The end of what was uploaded is gone, as after a crash. */
function loseBytes(repository: Repository, luck: Chance): void {
  for (const upload of repository.uploads.values()) {
    const kept = Buffer.concat(upload.pieces).subarray(0, luck.below(upload.size));
    Object.assign(upload, { pieces: [kept], size: kept.length });
  }
}

/** The chunk is refused as if another one had been due; what is due, the status says. */
async function outOfOrder(question: Question, repository: Repository, handle: Handle): Promise<Answer> {
  const id = /\/uploads\/(.+)$/.exec(question.url.pathname)?.[1] ?? '';
  if (!repository.uploads.has(id)) return handle(question);
  return handle({ ...question, headers: { ...question.headers, 'content-range': '999999999-999999999' } });
}

/** A proxy sends the chunk twice, and the registry takes it twice. */
async function duplicated(question: Question, repository: Repository, handle: Handle): Promise<Answer> {
  const answer = await handle(question);
  const upload = repository.uploads.get(/\/uploads\/(.+)$/.exec(question.url.pathname)?.[1] ?? '');
  const last = upload?.pieces.at(-1);
  if (upload === undefined || last === undefined) return answer;
  upload.pieces.push(last);
  upload.size += last.length;
  return answer;
}
