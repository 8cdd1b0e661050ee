/**
 * Digests of files' bytes, remembered from build to build by what tells that a file is still the same (device, inode, size, time
 * of change; in a layer, its place). The digests go into keys, never what they are remembered by.
 * @module
 */
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Digest, Digester, isDigest } from '../base/digest.ts';
import { fromSystem, systemCode } from '../base/errors.ts';
import type { Content } from '../model/content.ts';
import { contentPieces } from '../model/layer/content-pieces.ts';
import type { FileNode } from '../model/node.ts';
import type { ContentDigests } from '../ports/build-memory.ts';
import type { Run } from '../ports/run.ts';
import { createTempFile } from '../system/temp-file.ts';

/** A file changed this short a time ago (seconds) could change again without showing it. */
const SETTLED = 3;

export interface RememberedDigests extends ContentDigests {
  /** Writes down what was asked for, and forgets the rest. */
  save(): Promise<void>;
}

/** @param path of the file they are kept in */
export function openContentDigests(path: string): RememberedDigests {
  let known: Map<string, Digest> | undefined;
  const used = new Map<string, Digest>();
  let isNew = false;
  return {
    of: async (file, run = {}) => {
      const key = keyOf(file.content);
      known ??= read(path);
      const found = key === undefined ? undefined : (used.get(key) ?? known.get(key));
      const digest = found ?? (await hash(file.content, run));
      if (key === undefined) return digest;
      if (found === undefined && !isSettled(file)) return digest;
      if (found === undefined) isNew = true;
      used.set(key, digest);
      return digest;
    },
    save: async () => {
      if (isNew) await write(path, used);
    },
  };
}

function isSettled({ mtime, content }: FileNode): boolean {
  const inLayer = content.kind !== 'bytes' && isDigest(content.blob.id);
  return inLayer || Date.now() / 1000 - mtime > SETTLED;
}

/** Undefined for bytes in memory, and for what has no identity beyond this process. */
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

/** One line for each: the digest, and what it is remembered by. */
function read(path: string): Map<string, Digest> {
  const known = new Map<string, Digest>();
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
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

async function write(path: string, digests: ReadonlyMap<string, Digest>): Promise<void> {
  const lines = [...digests].map(([key, digest]) => `${digest} ${key}\n`);
  try {
    mkdirSync(dirname(path), { recursive: true });
    await using temp = await createTempFile(dirname(path));
    await temp.handle.writeFile(lines.join(''));
    renameSync(temp.path, path);
    temp.keep();
  } catch (error) {
    throw fromSystem(error, `cannot write ${path}`, 'set PARE_HOME to a directory that you may write to');
  }
}
