/** Writing an archive of an image in one pass: members one after the other, their sizes known before. @module */
import { pieces } from '../base/stream.ts';
import { END_OF_ARCHIVE, encodeHeader, paddingOf } from '../formats/tar/encode.ts';
import { openOutputFile } from './output-file.ts';

export interface ArchiveWriter extends AsyncDisposable {
  /** Members come in the order in which they were asked for. A member that fails makes the archive useless. */
  add(name: string, size: number, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  addBytes(name: string, bytes: Uint8Array): Promise<void>;
  /** Ends the archive: a file gets its name. */
  finish(): Promise<void>;
}

/** Fixed, so that the same image gives the same archive. */
const META = { kind: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0, mtimeNs: 0 } as const;

/** Where the archive's bytes go. */
export interface ArchiveOutput extends AsyncDisposable {
  /** The piece may be used again once this resolves. */
  write(piece: Uint8Array): Promise<void>;
  /** All has been written. */
  publish(): Promise<void> | void;
}

/** @param path `-` is standard output. @throws ImageError as `openOutputFile` */
export async function openArchiveWriter(path: string): Promise<ArchiveWriter> {
  return archiveWriter(await openOutputFile(path));
}

/** Disposing of it disposes of the output. */
export function archiveWriter(output: ArchiveOutput): ArchiveWriter {
  let last: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    last = last.then(work);
    last.catch(() => undefined); // whoever asked gets it; and all who come later
    return last;
  };
  const add: ArchiveWriter['add'] = (name, size, bytes) =>
    inTurn(async () => {
      await output.write(encodeHeader({ ...META, name, size }));
      let written = 0;
      for await (const piece of bytes) {
        written += piece.length;
        await output.write(piece);
      }
      if (written !== size) throw new Error(`bug: ${written} bytes for the member ${name}, announced as ${size}`);
      await output.write(END_OF_ARCHIVE.subarray(0, paddingOf(size)));
    });
  return {
    add,
    addBytes: (name, bytes) => add(name, bytes.length, pieces(bytes)),
    finish: () =>
      inTurn(async () => {
        await output.write(END_OF_ARCHIVE);
        await output.publish();
      }),
    [Symbol.asyncDispose]: () => output[Symbol.asyncDispose](),
  };
}
