/**
 * Digests of files' bytes, remembered from build to build by what tells that a file is still the same (device, inode, size, times
 * of modification and of change; in a layer, its place); and what followed from them. The digests go into keys, never what they
 * are remembered by.
 * @module
 */
import { readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Digest, Digester, digestOf, isDigest } from '../base/digest.ts';
import { fromSystem, systemCode } from '../base/errors.ts';
import type { Content } from '../model/content.ts';
import { contentPieces } from '../model/layer/content-pieces.ts';
import type { FileNode } from '../model/node.ts';
import type { ContentDigests } from '../ports/build-memory.ts';
import type { Run } from '../ports/run.ts';
import { makeDirectories } from '../system/directories.ts';
import { SETTLED } from '../system/fingerprint.ts';
import { createTempFile } from '../system/temp-file.ts';

/** How many digests that were not asked for this time are kept all the same; of conclusions few, since every build reads them. */
const SPARE = { files: 100_000, conclusions: 2000 };

/** Files up to this size are hashed at once, without a promise. */
const SMALL = 256 * 1024;

/** Milliseconds of such files after which others get a turn. */
const TURN = 5;

export interface RememberedDigests extends ContentDigests {
  /** What {@link ContentDigests.derived} would give without computing anything. */
  known(key: string): Digest | undefined;
  /** Writes down what was asked for, and forgets most of the rest. */
  save(): Promise<void>;
}

/** @param dir where they are kept; made at the first use */
export function openContentDigests(dir: string): RememberedDigests {
  const files = new DigestList(`${dir}/files`, SPARE.files);
  const conclusions = new DigestList(`${dir}/conclusions`, SPARE.conclusions);
  const small = Buffer.allocUnsafeSlow(SMALL);
  let turned = performance.now();

  const now = (content: Content): Digest | undefined => {
    const isSmall = content.kind === 'slice' && content.size <= SMALL && performance.now() - turned < TURN;
    if (!isSmall || content.blob.readInto === undefined) return undefined;
    content.blob.readInto(small, content.offset, content.size);
    return digestOf(small.subarray(0, content.size));
  };

  const later = async (content: Content, run: Run): Promise<Digest> => {
    await setImmediate();
    turned = performance.now();
    return now(content) ?? hash(content, run);
  };

  return {
    of: (file, run = {}) => {
      const key = isSettled(file) ? keyOf(file.content) : undefined;
      const found = key === undefined ? undefined : files.get(key);
      if (found !== undefined) return found;
      const keep = (digest: Digest) => {
        if (key !== undefined) files.set(key, digest);
        return digest;
      };
      const digest = now(file.content);
      return digest === undefined ? later(file.content, run).then(keep) : keep(digest);
    },
    known: (text) => conclusions.get(digestOf(text)),
    derived: async (text, compute) => {
      const key = digestOf(text);
      const known = conclusions.get(key);
      if (known !== undefined) return known;
      const digest = await compute();
      conclusions.set(key, digest);
      return digest;
    },
    ofFiles: async (text, fingerprint, compute) => {
      const last = conclusions.get(digestOf(text));
      const seen = last === undefined ? undefined : await fingerprint();
      const known = seen === undefined || seen !== last ? undefined : conclusions.get(digestOf(`${text} ${seen}`));
      if (known !== undefined) return { digest: known, seen };
      const digest = await compute();
      const now = await fingerprint();
      if (now !== undefined && isDigest(now)) {
        conclusions.set(digestOf(text), now);
        conclusions.set(digestOf(`${text} ${now}`), digest);
      }
      return { digest, seen: undefined };
    },
    save: async () => {
      await files.save();
      await conclusions.save();
    },
  };
}

/** Neither the bytes nor what tells of them can have changed unseen since, whoever sets times back. */
function isSettled({ content }: FileNode): boolean {
  if (content.kind !== 'slice') return false;
  const { id } = content.blob;
  if (!id.startsWith('file:')) return true;
  const changed = id.lastIndexOf(':');
  const modified = id.lastIndexOf(':', changed - 1);
  const newest = Math.max(Number(id.slice(changed + 1)), Number(id.slice(modified + 1, changed))) / 1e6;
  return Date.now() - newest >= SETTLED;
}

/** Undefined for what has no identity beyond this process. */
function keyOf(content: Content): string | undefined {
  if (content.kind !== 'slice') return undefined;
  const { id } = content.blob;
  return id.startsWith('file:') || isDigest(id) ? `${id} ${content.offset} ${content.size}` : undefined;
}

async function hash(content: Content, { signal }: Run): Promise<Digest> {
  const digester = new Digester();
  for await (const piece of contentPieces(content)) {
    signal?.throwIfAborted();
    digester.update(piece);
  }
  return digester.digest();
}

/** Digests by keys, in a file of lines: the digest, and what it is remembered by. Read at the first question. */
class DigestList {
  readonly #path: string;
  readonly #spare: number;
  readonly #used = new Map<string, Digest>();
  #known: Map<string, Digest> | undefined;
  #isNew = false;

  constructor(path: string, spare: number) {
    this.#path = path;
    this.#spare = spare;
  }

  get(key: string): Digest | undefined {
    this.#known ??= read(this.#path);
    const found = this.#used.get(key) ?? this.#known.get(key);
    if (found !== undefined) this.#used.set(key, found);
    return found;
  }

  set(key: string, digest: Digest): void {
    this.#isNew = true;
    this.#used.set(key, digest);
  }

  async save(): Promise<void> {
    if (!this.#isNew) return;
    const rest = [...(this.#known ?? [])].filter(([key]) => !this.#used.has(key)).slice(0, this.#spare);
    await write(this.#path, [...this.#used, ...rest]);
    this.#isNew = false;
  }
}

function read(path: string): Map<string, Digest> {
  const known = new Map<string, Digest>();
  let text = '';
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fromSystem(error, `cannot read ${path}`);
  }
  for (const line of text.split('\n')) {
    const cut = line.indexOf(' ');
    const digest = line.slice(0, Math.max(cut, 0));
    if (isDigest(digest)) known.set(line.slice(cut + 1), digest);
  }
  return known;
}

async function write(path: string, digests: readonly (readonly [key: string, digest: Digest])[]): Promise<void> {
  const lines = digests.map(([key, digest]) => `${digest} ${key}\n`);
  try {
    makeDirectories(dirname(path));
    await using temp = await createTempFile(dirname(path));
    await temp.handle.writeFile(lines.join(''));
    renameSync(temp.path, path);
    temp.keep();
  } catch (error) {
    throw fromSystem(error, `cannot write ${path}`, 'set PARE_HOME to a directory that you may write to');
  }
}
