/** A layer's tar → the blob that is stored, in any form. @module */
import { asDiffId, type DiffId, Digester } from '../../base/digest.ts';
import { tapped } from '../../base/stream.ts';
import { gzip } from '../compress/gzip.ts';
import { type CompressionProfile, PROFILE } from '../compress/profile.ts';
import { zstd } from '../compress/zstd.ts';
import { estargz } from '../estargz/write.ts';
import { zstdChunked } from '../zstd-chunked/write.ts';
import { type LayerForm, partsOf } from './form.ts';

export interface EncodedLayer {
  /** The blob; what comes out is valid until the next piece is asked for. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Once the bytes have been read to their end. */
  result(): {
    /** Absent where the blob is the tar. */
    readonly diffId?: DiffId;
    /** For the descriptor. */
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export interface EncodeOptions {
  /** Of the tar, in bytes, exactly; asked for by the forms that have to know it beforehand. */
  size(): number;
  readonly signal?: AbortSignal | undefined;
}

/** @throws ImageError UNSUPPORTED for what a chunked form cannot describe */
export function encodeLayer(
  tar: AsyncIterable<Uint8Array>,
  form: LayerForm,
  { size, signal }: EncodeOptions,
): EncodedLayer {
  const { kind, level } = partsOf(form);
  const chosen = level === undefined ? {} : { level };
  switch (kind) {
    case 'estargz':
      return estargz(tar, { size: size(), signal, ...chosen });
    case 'zstd:chunked':
      return zstdChunked(tar, { signal, ...chosen });
    case 'none':
      return { bytes: tar, result: () => ({}) };
    case 'gzip': {
      const input = new Digester();
      return hashed(gzip(tar, { size: size(), input, signal, profile: profileAt(level) }), input);
    }
    case 'zstd': {
      const input = new Digester();
      return hashed(zstd(tapped(tar, input), { signal, profile: profileAt(level) }), input);
    }
  }
}

function hashed(bytes: AsyncIterable<Uint8Array>, input: Digester): EncodedLayer {
  let diffId: DiffId | undefined;
  return {
    bytes,
    result: () => {
      diffId ??= asDiffId(input.digest());
      return { diffId };
    },
  };
}

function profileAt(level: number | undefined): CompressionProfile {
  if (level === undefined) return PROFILE;
  const { gzip: ofGzip, zstd: ofZstd } = PROFILE;
  return {
    ...PROFILE,
    gzip: { ...ofGzip, deflate: (size) => ({ ...ofGzip.deflate(size), level }) },
    zstd: { ...ofZstd, level },
  };
}
