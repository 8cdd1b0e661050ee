/**
 * tar-split (vbatts/tar-split, tar/storage): a tar without the contents of its files, as JSON, one value in a line. With the
 * contents it gives the very bytes of the tar again: that is how containers/storage, having fetched parts of a layer only,
 * comes to its DiffID.
 * @module
 */
import type { Part } from '../chunked/cut.ts';
import { Crc64 } from './crc64.ts';

const FILE = 1;
const SEGMENT = 2;

export class TarSplitWriter {
  readonly #write: (line: string) => void;
  #position = 0;
  /** The entry whose content goes by. */
  #current: { readonly name: string; readonly size: number } | undefined;
  #crc: Crc64 | undefined;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** Takes the parts of a tar in order. One segment for each entry: readers look for its header there. */
  add(part: Part): void {
    switch (part.kind) {
      case 'entry':
        this.#flush();
        this.#segment(part.head);
        this.#current = part.entry;
        break;
      case 'chunk':
        this.#crc ??= new Crc64();
        this.#crc.update(part.bytes);
        break;
      case 'content':
        break;
      case 'end':
        this.#flush();
        this.#segment(part.bytes);
    }
  }

  #segment(bytes: Buffer): void {
    if (bytes.length > 0) this.#line({ type: SEGMENT, payload: bytes.toString('base64') });
  }

  #flush(): void {
    if (this.#current === undefined) return;
    const { name, size } = this.#current;
    const payload = this.#crc?.digest().toString('base64') ?? null;
    this.#line({ type: FILE, name, ...(size === 0 ? {} : { size }), payload });
    this.#current = undefined;
    this.#crc = undefined;
  }

  #line(value: object): void {
    this.#write(`${JSON.stringify({ ...value, position: this.#position++ })}\n`);
  }
}
