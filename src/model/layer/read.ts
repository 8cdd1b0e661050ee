/**
 * A layer's tar → what its entries say. Reads headers only; the bytes of files stay where they are and are referred to.
 * @module
 */
import { scanTar } from '../../formats/tar/scan.ts';
import { TarStream } from '../../formats/tar/stream.ts';
import type { Blob } from '../content.ts';
import type { LayerEntry } from './entry.ts';
import { LayerInterpreter } from './interpret.ts';

/**
 * Entries in archive order, with metadata objects shared between them.
 * @param size of the blob in bytes
 * @param warn told once, at the end, of names that climb above the root
 * @throws ImageError INVALID, LIMIT, UNSUPPORTED
 */
export async function* readLayer(blob: Blob, size: number, warn?: (text: string) => void): AsyncGenerator<LayerEntry> {
  const interpreter = new LayerInterpreter(blob);
  for await (const found of scanTar(blob, size, { globals: 'ignore' })) {
    const entry = interpreter.entry(found);
    if (entry !== undefined) yield entry;
  }
  const { text } = interpreter.climbing;
  if (text !== undefined) warn?.(text);
}

/** The same for a layer that goes by, while someone else puts its bytes where `blob` will read them. */
export class LayerStream {
  readonly #tar = new TarStream({ globals: 'ignore' });
  readonly #interpreter: LayerInterpreter;

  constructor(blob: Blob) {
    this.#interpreter = new LayerInterpreter(blob);
  }

  /** @returns the entries whose headers end in this piece, in archive order. @throws ImageError as {@link readLayer} */
  push(piece: Uint8Array): LayerEntry[] {
    const out: LayerEntry[] = [];
    for (const found of this.#tar.push(piece)) {
      const entry = this.#interpreter.entry(found);
      if (entry !== undefined) out.push(entry);
    }
    return out;
  }

  /** What is to be said of names that climb above the root, of all that was pushed. */
  get warning(): string | undefined {
    return this.#interpreter.climbing.text;
  }

  /** Says that the last piece has been pushed. @throws ImageError INVALID where the archive is cut off */
  end(): void {
    this.#tar.end();
  }
}
