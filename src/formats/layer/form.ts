/** The forms in which a layer's tar can be stored, and how people write them. @module */
import { present } from '../../base/assert.ts';
import { ImageError } from '../../base/errors.ts';
import { type Compression, layerType } from '../oci/media-types.ts';

/** How a layer is stored; the chunked forms are gzip and zstd to whoever does not know them. */
export type LayerFormKind = Compression | 'estargz' | 'zstd:chunked';

/** With the compressor's level, or at the profile's, which may depend on the layer's size. */
export type LayerForm = LayerFormKind | `${LayerFormKind}:${number}`;

/** In the order in which they are offered. */
export const LAYER_FORMS: readonly LayerFormKind[] = ['gzip', 'zstd', 'none', 'estargz', 'zstd:chunked'];

const COMPRESSION: Readonly<Record<LayerFormKind, Compression>> = {
  gzip: 'gzip',
  zstd: 'zstd',
  none: 'none',
  estargz: 'gzip',
  'zstd:chunked': 'zstd',
};

/** What zlib and zstd call their levels. */
const LEVELS: Readonly<Record<Compression, readonly [number, number] | undefined>> = {
  gzip: [1, 9],
  zstd: [1, 19],
  none: undefined,
};

export interface FormParts {
  readonly kind: LayerFormKind;
  /** What a reader that knows no chunks has to do with the layer. */
  readonly compression: Compression;
  readonly mediaType: string;
  /** Whether a reader can find single files in the layer. */
  readonly chunked: boolean;
  readonly level: number | undefined;
}

export function partsOf(form: LayerForm): FormParts {
  const kind = present(kindOf(form), 'form of a layer');
  const compression = COMPRESSION[kind];
  return {
    kind,
    compression,
    mediaType: layerType(compression),
    chunked: kind !== compression,
    level: form === kind ? undefined : Number(form.slice(kind.length + 1)),
  };
}

/** `gzip`, `zstd:chunked`, `zstd:12`, `estargz:9` … @throws ImageError USAGE */
export function parseLayerForm(text: string): LayerForm {
  const kind = kindOf(text);
  if (kind === undefined) throw usage(text, `it is none of ${LAYER_FORMS.join(', ')}`);
  if (text === kind) return kind;
  const level = Number(text.slice(kind.length + 1));
  const levels = LEVELS[COMPRESSION[kind]];
  if (levels === undefined) throw usage(text, `"${kind}" has no levels`);
  const [least, most] = levels;
  if (level < least || level > most) throw usage(text, `levels of ${kind} go from ${least} to ${most}`);
  return `${kind}:${level}`;
}

function kindOf(text: string): LayerFormKind | undefined {
  return LAYER_FORMS.find((kind) => text === kind || (text.startsWith(kind) && /^:\d+$/.test(text.slice(kind.length))));
}

function usage(text: string, why: string): ImageError {
  return new ImageError('USAGE', `"${text}" is no compression of layers: ${why}`, {
    hint: `write one of ${LAYER_FORMS.join(', ')}; a level may follow, as in gzip:9 and zstd:chunked:12`,
  });
}
