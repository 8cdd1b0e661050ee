/**
 * Writing eStargz (containerd/stargz-snapshotter, docs/estargz.md): a gzip layer whose files are gzip members of their own,
 * with a table of contents at its end.
 *
 * The tar stands there as it was made, up to the two blocks of zeros that end it. Behind them come the landmark and the table
 * of contents: whoever knows nothing of eStargz stops before, and sees the same files as ever. (BuildKit puts the table
 * there, too.) They are part of the uncompressed bytes, and so of the DiffID.
 * @module
 */
import { present } from '../../base/assert.ts';
import { asDiffId, Digester, digestOf } from '../../base/digest.ts';
import { cleanPath } from '../../base/path.ts';
import type { ChunkedLayer, ChunkedOptions, ChunkedResult } from '../chunked/chunked-layer.ts';
import { cutTar, type Part } from '../chunked/cut.ts';
import { FixedCutter } from '../chunked/cutter.ts';
import { type About, jobsOf } from '../chunked/jobs.ts';
import { compressInOrder, type Job } from '../chunked/ordered.ts';
import { TocWriter } from '../chunked/toc-writer.ts';
import { PROFILE } from '../compress/profile.ts';
import { END_OF_ARCHIVE, encodeHeader, type HeaderFields, paddingOf } from '../tar/encode.ts';
import { TarStream } from '../tar/stream.ts';
import { describe } from './describe.ts';
import { encodeFooter } from './footer.ts';
import { gzipMember } from './member.ts';
import { LANDMARK, NO_PREFETCH, PREFETCH, TOC_DIGEST, TOC_NAME, UNCOMPRESSED_SIZE } from './names.ts';

export interface EstargzOptions extends ChunkedOptions {
  /** Of the tar, in bytes: the profile chooses its level by it. About right is enough. */
  readonly size: number;
}

/**
 * @param tar an earlier table of contents in it is dropped, and what follows
 * @throws ImageError UNSUPPORTED for what the table cannot describe
 */
export function estargz(tar: AsyncIterable<Uint8Array>, options: EstargzOptions): ChunkedLayer {
  let result: ChunkedResult | undefined;
  return {
    bytes: write(tar, options, (done) => {
      result = done;
    }),
    result: () => {
      if (result === undefined) throw new Error('bug: a layer has not been written to its end');
      return result;
    },
  };
}

async function* write(
  tar: AsyncIterable<Uint8Array>,
  { size, level, signal }: EstargzOptions,
  done: (result: ChunkedResult) => void,
): AsyncGenerator<Uint8Array> {
  const settings = { ...PROFILE.gzip.deflate(size), ...(level === undefined ? {} : { level }) };
  const compress = (bytes: Buffer) => gzipMember(bytes, settings);
  const input = new Digester();
  const json: string[] = [];
  const toc = new TocWriter(describe, (text) => json.push(text));
  const parts = withLandmark(cutTar(tar, { cutter: new FixedCutter(), until: `/${TOC_NAME}`, signal }));
  let offset = 0;
  for await (const placed of compressInOrder(hashed(jobsOf(parts), input), compress)) {
    toc.add(placed);
    offset = placed.end;
    if (placed.bytes !== undefined) yield placed.bytes;
  }
  toc.end();
  const document = Buffer.from(json.join(''));
  const archive = tocArchive(document);
  input.update(archive);
  yield await compress(archive);
  yield encodeFooter(offset);
  done({
    diffId: asDiffId(input.digest()),
    annotations: { [TOC_DIGEST]: digestOf(document), [UNCOMPRESSED_SIZE]: String(input.size) },
  });
}

/** What ends the tar in any case, and the landmark behind it, unless the tar has one. */
async function* withLandmark(parts: AsyncIterable<Part>): AsyncGenerator<Part> {
  let marked = false;
  for await (const part of parts) {
    if (part.kind === 'entry') marked ||= LANDMARKS.has(cleanPath(`/${part.entry.name}`));
    if (part.kind !== 'end') {
      yield part;
      continue;
    }
    const end = Buffer.concat([Buffer.alloc(part.padding), END_OF_ARCHIVE]);
    if (marked) yield { ...part, bytes: end };
    else yield* landmark(end);
  }
}

const LANDMARKS: ReadonlySet<string> = new Set([`/${PREFETCH}`, `/${NO_PREFETCH}`]);

function* landmark(before: Buffer): Generator<Part> {
  const header = encodeHeader(fileHeader(NO_PREFETCH, LANDMARK.length));
  const entry = present(new TarStream().push(header)[0], 'entry in a header');
  const digest = digestOf(LANDMARK);
  yield { kind: 'entry', entry, head: Buffer.concat([before, header]) };
  yield { kind: 'chunk', bytes: LANDMARK, at: 0, digest, zeros: false };
  yield { kind: 'content', digest };
  yield { kind: 'end', bytes: Buffer.alloc(paddingOf(LANDMARK.length)), padding: paddingOf(LANDMARK.length) };
}

function tocArchive(document: Buffer): Buffer {
  const header = encodeHeader(fileHeader(TOC_NAME, document.length));
  return Buffer.concat([header, document, Buffer.alloc(paddingOf(document.length)), END_OF_ARCHIVE]);
}

function fileHeader(name: string, size: number): HeaderFields {
  return { kind: 'file', name, size, mode: 0o444, uid: 0, gid: 0, mtime: 0, mtimeNs: 0 };
}

async function* hashed(jobs: AsyncIterable<Job<About>>, input: Digester): AsyncGenerator<Job<About>> {
  for await (const job of jobs) {
    if (job.bytes !== undefined) input.update(job.bytes);
    yield job;
  }
}
