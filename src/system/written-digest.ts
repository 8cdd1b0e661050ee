/** The digest of a file that is being written: of a small one on the way, of a large one by the thread that hashes. @module */
import { type Digest, Digester } from '../base/digest.ts';
import { type FileDigester, fileDigester } from './hash-thread.ts';

/** From how many bytes on a thread is worth being started, which takes as much time as hashing so many. */
const LARGE = 32 << 20;

/** How many bytes the thread is told of at once. */
const STEP = 4 << 20;

export interface WrittenDigest extends AsyncDisposable {
  /** Sees all bytes in order, before or after they are written. */
  update(bytes: Uint8Array): void;
  /** Says that the bytes before this offset are in the file. */
  upTo(offset: number): void;
  /** Of the whole file, of this size. Call once. */
  digest(size: number): Promise<Digest>;
}

/** @param fd stays open until this is disposed of. @param shown for messages */
export function writtenDigest(fd: number, shown: string): WrittenDigest {
  const onTheWay = new Digester();
  let beside: FileDigester | undefined;
  let told = 0;
  return {
    update: (bytes) => {
      if (beside === undefined) onTheWay.update(bytes);
    },
    upTo: (offset) => {
      if (offset < LARGE || offset < told + STEP) return;
      beside ??= fileDigester(fd, shown, 'sha256');
      beside.upTo(offset);
      told = offset;
    },
    digest: async (size) => {
      beside?.upTo(size);
      return beside === undefined ? onTheWay.digest() : beside.digest();
    },
    [Symbol.asyncDispose]: async () => beside?.[Symbol.asyncDispose](),
  };
}
