/**
 * Files from the net that are kept, so that an address is asked whether its file is still the same instead of sending it
 * again. What is kept is taken only where its digest is right, and only on the server's word, or where the digest was asked for.
 * @module
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Digest, Digester, digestOf, encodedOf, isDigest } from '../../base/digest.ts';
import { fromSystem, systemCode } from '../../base/errors.ts';
import { isObject, parseJson } from '../../base/json.ts';
import type { Run } from '../../ports/run.ts';
import { createTempFile, removeDeadTempFiles } from '../../system/temp-file.ts';

/** What a server said of a file, to ask whether it is still so: RFC 9110, 8.8. */
export interface Validators {
  readonly etag: string | undefined;
  /** HTTP-date. */
  readonly lastModified: string | undefined;
}

export interface KeptDownload extends Validators {
  readonly digest: Digest;
  /** Seconds since the epoch. */
  readonly modified: number;
}

export interface OpenDownload {
  readonly handle: FileHandle;
  readonly size: number;
}

export interface Downloads {
  /** @param key of the address, and of whoever asks */
  known(key: Digest): KeptDownload | undefined;
  /** The bytes, if they are there and right. */
  open(digest: Digest, run: Run): Promise<OpenDownload | undefined>;
  /** Keeps the bytes while they are read; @returns their sha256 */
  add(bytes: AsyncIterable<Uint8Array>, run: Run): Promise<OpenDownload & { readonly digest: Digest }>;
  remember(key: Digest, what: KeptDownload): Promise<void>;
}

/** All files together; the oldest go first. */
const MOST_BYTES = 4e9;

/** @param dir is made at the first use */
export function openDownloads(dir: string): Downloads {
  const files = `${dir}/files`;
  const fileOf = (digest: Digest) => `${files}/${encodedOf(digest)}`;
  const noteOf = (key: Digest) => `${dir}/notes/${encodedOf(key)}`;
  return {
    known: (key) => noteIn(noteOf(key)),
    open: (digest, run) => openVerified(fileOf(digest), digest, run),
    add: async (bytes, run) => {
      makeDirectory(files);
      removeDeadTempFiles(files);
      await using temp = await createTempFile(files);
      const digester = new Digester();
      for await (const piece of bytes) {
        run.signal?.throwIfAborted();
        digester.update(piece);
        await writePiece(temp.handle, piece, dir);
      }
      const digest = digester.digest();
      const path = fileOf(digest);
      renameSync(temp.path, path);
      temp.keep();
      makeRoom(files, path);
      return { digest, size: digester.size, handle: await open(path, 'r') };
    },
    remember: async (key, what) => {
      makeDirectory(`${dir}/notes`);
      await using temp = await createTempFile(`${dir}/notes`);
      await temp.handle.writeFile(JSON.stringify(what));
      renameSync(temp.path, noteOf(key));
      temp.keep();
    },
  };
}

const HINT = 'set PARE_HOME to a directory that you may write to, with enough room';

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fromSystem(error, `cannot make ${path}`, HINT);
  }
}

async function writePiece(handle: FileHandle, piece: Uint8Array, dir: string): Promise<void> {
  try {
    await handle.writeFile(piece);
  } catch (error) {
    throw fromSystem(error, `cannot keep a download in ${dir}`, HINT);
  }
}

const SMALL = 64 * 1024;
const PIECE = 1 << 20;

function noteIn(path: string): KeptDownload | undefined {
  let document: unknown;
  try {
    document = parseJson(readFileSync(path), path, SMALL);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fromSystem(error, `cannot read ${path}`);
  }
  if (!isObject(document)) return undefined;
  const { digest, modified, etag, lastModified } = document;
  if (typeof digest !== 'string' || !isDigest(digest) || typeof modified !== 'number') return undefined;
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return { digest, modified, etag: text(etag), lastModified: text(lastModified) };
}

/** Opened once, and read through that: whatever happens to the name afterwards. */
async function openVerified(path: string, digest: Digest, { signal }: Run): Promise<OpenDownload | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fromSystem(error, `cannot read ${path}`);
  }
  const digester = new Digester();
  for await (const piece of handle.createReadStream({ autoClose: false, start: 0, highWaterMark: PIECE })) {
    signal?.throwIfAborted();
    digester.update(piece as Uint8Array);
  }
  if (digester.digest() === digest) {
    const now = Date.now() / 1000;
    utimesSync(path, now, now);
    return { handle, size: digester.size };
  }
  await handle.close();
  rmSync(path, { force: true });
  return undefined;
}

function makeRoom(files: string, kept: string): void {
  const all = readdirSync(files).flatMap((name) => {
    const stats = statSync(`${files}/${name}`, { throwIfNoEntry: false });
    return stats === undefined || name.startsWith('.')
      ? []
      : { path: `${files}/${name}`, size: stats.size, at: stats.mtimeMs };
  });
  let total = all.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size } of all.toSorted((a, b) => a.at - b.at)) {
    if (total <= MOST_BYTES) return;
    if (path === kept) continue;
    rmSync(path, { force: true });
    total -= size;
  }
}

/** What tells one address from another. @param header of authorization, since it may decide what is sent */
export function keyOfAddress(url: string, header: string | undefined): Digest {
  return digestOf(JSON.stringify([url, header ?? null]));
}
