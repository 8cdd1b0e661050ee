/** `oci:DIR[:NAME]` as a sink: the directory is made if need be, and what is in it already stays. @module */
import { existsSync, fstatSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import type { Digest } from '../../base/digest.ts';
import { fromSystem, ImageError } from '../../base/errors.ts';
import { pieces } from '../../base/stream.ts';
import { withEntry } from '../../formats/oci/layout.ts';
import { NO_REFERRERS } from '../../formats/oci/referrers.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import type { LayoutReference } from '../../formats/reference/parse.ts';
import type { Sink } from '../../ports/content-store.ts';
import { addReferrers } from '../../ports/layout-referrers.ts';
import type { Run } from '../../ports/run.ts';
import { makeDirectories } from '../../system/directories.ts';
import {
  blobPath,
  hasBlob,
  isLayout,
  makeLayout,
  readBlob,
  readIndex,
  writeIndex,
  writePending,
} from '../../system/layout-directory.ts';
import { neededBlobs } from '../../system/layout-reach.ts';
import { type Lock, lockDirectory, lockDirectoryNow } from '../../system/lock.ts';
import { removeDeadTempFiles } from '../../system/temp-file.ts';

/**
 * Blobs are written at once, and again removed where the sink is disposed of before {@link Sink.commit}, unless another
 * process that writes to the same directory might count on them.
 * @throws ImageError CONFLICT where the directory holds something else
 */
export async function openLayoutSink(reference: LayoutReference, run: Run = {}): Promise<Sink> {
  const dir = reference.path;
  const { isNew, session } = await openLayout(dir, run);
  const where = `the layout ${dir}`;
  const added = new Set<Digest>();
  let committed = false;

  const store = async (expected: Descriptor | undefined, bytes: AsyncIterable<Uint8Array>, run?: Run) => {
    await using blob = await writePending(dir, dir, bytes, expected, run);
    if (!existsSync(blobPath(dir, blob.digest))) added.add(blob.digest);
    blob.publish();
    return { digest: blob.digest, size: blob.size };
  };
  const has = async (descriptor: Descriptor) => hasBlob(dir, descriptor);

  return {
    reference: reference.text,
    has,
    push: async (descriptor, bytes, run) => {
      if (!(await has(descriptor))) await store(descriptor, bytes, run);
    },
    write: async (mediaType, bytes, run) => ({ mediaType, ...(await store(undefined, bytes, run)) }),
    commit: async (root, options = {}, run) => {
      using _ = await lockDirectory(dir, 'exclusive', run);
      const index = await addReferrers(
        withEntry(readIndex(dir), root, reference.name),
        root.digest,
        options.referrers ?? NO_REFERRERS,
        (one) => readBlob(dir, one, where),
        (document) => store(undefined, pieces(document), run),
      );
      await writeIndex(dir, index);
      committed = true;
    },
    [Symbol.asyncDispose]: async () => {
      session?.[Symbol.dispose]();
      if (!committed) undo(dir, added, isNew);
    },
  };
}

interface OpenLayout {
  readonly isNew: boolean;
  /** Held while blobs are added: says to others that what is found here is counted on. */
  readonly session: Lock | undefined;
}

async function openLayout(dir: string, run: Run): Promise<OpenLayout> {
  for (;;) {
    const isNew = await prepare(dir);
    const blobs = `${dir}/blobs`;
    try {
      const session = await lockDirectory(blobs, 'shared', run);
      if (session === undefined || fstatSync(session.fd).ino === statSync(blobs).ino) return { isNew, session };
      session[Symbol.dispose]();
    } catch (error) {
      const failure = fromSystem(error, `cannot write to ${dir}`);
      if (failure.code !== 'NOT_FOUND') throw failure;
    }
    // Somebody who had made the layout as well has failed, and taken it away again: once more.
  }
}

/** Whether the layout was made now. */
async function prepare(dir: string): Promise<boolean> {
  try {
    makeDirectories(dir);
    if (isLayout(dir)) {
      removeDeadTempFiles(dir);
      return false;
    }
    assertFree(dir);
  } catch (error) {
    throw fromSystem(error, `cannot write to ${dir}`);
  }
  await makeLayout(dir);
  return true;
}

/** A directory that is new, empty or a layout. @throws ImageError CONFLICT; DENIED, IO */
export function assertFree(dir: string): void {
  try {
    if (!existsSync(dir) || isLayout(dir)) return;
    if (readdirSync(dir).every((name) => name.startsWith('.pare-') || LAYOUT_NAMES.has(name))) return;
  } catch (error) {
    throw fromSystem(error, `cannot write to ${dir}`);
  }
  throw new ImageError('CONFLICT', `${dir} is not empty, and no OCI image layout`, {
    hint: 'name a directory that is new, empty, or a layout',
  });
}

/** What is there while another process is making the layout. */
const LAYOUT_NAMES: ReadonlySet<string> = new Set(['oci-layout', 'index.json', 'blobs']);

function undo(dir: string, added: ReadonlySet<Digest>, isNew: boolean): void {
  using alone = lockDirectoryNow(`${dir}/blobs`);
  if (alone === undefined) return;
  const index = readIndex(dir);
  // Others may have come, counted on what was added here, and gone.
  const needed = neededBlobs(dir, index, []);
  for (const digest of added) if (!needed.has(digest)) rmSync(blobPath(dir, digest), { force: true });
  if (!isNew || index.manifests.length > 0) return;
  removeDeadTempFiles(dir);
  for (const name of ['oci-layout', 'index.json']) rmSync(`${dir}/${name}`, { force: true });
  for (const path of ['/blobs/sha256', '/blobs/sha512', '/blobs', '']) removeIfEmpty(dir + path);
}

function removeIfEmpty(dir: string): void {
  if (!existsSync(dir) || readdirSync(dir).length > 0) return;
  rmdirSync(dir);
}
