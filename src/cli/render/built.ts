/** What is said of images that were built. @module */
import { countOf } from '../../base/count.ts';
import { printableName } from '../../base/names.ts';
import type { BuiltImage } from '../../builders/dockerfile/image.ts';
import { formatPlatform } from '../../model/platform.ts';
import { countFiles, unpackedSize } from '../../model/tree.ts';
import type { Written } from '../../operations/pack.ts';
import type { SizeHint } from '../../transforms/waste/built.ts';
import { bytesText } from './units.ts';

export interface BuiltResult {
  readonly written: readonly Written[];
  readonly images: readonly BuiltImage[];
  /** Whether what was written is not the image, but what some of its programs need. */
  readonly isPacked: boolean;
  /** Largest first. */
  readonly hints: readonly SizeHint[];
  readonly seconds: number;
}

export function builtText({ written, images, isPacked, hints, seconds }: BuiltResult): string {
  const places = written.map(({ reference, digest, compressed }) => {
    const stored = compressed === undefined ? '' : `${bytesText(compressed)}, `;
    return `${printableName(reference)}: ${stored}${seconds.toFixed(2)} s${digest === undefined ? '' : `\n  ${digest}`}`;
  });
  // Not how many files there are: to know it, an unchanged build would have to read what it is not going to use.
  const built = (isPacked ? [] : images).map(({ platform, layers }) => {
    return `built for ${formatPlatform(platform)}: ${countOf(layers.length, 'layer')}`;
  });
  return [...places, ...built, ...hintLines(hints)].join('\n');
}

/** More than a few are read by nobody. */
const MOST_HINTS = 5;

function hintLines(hints: readonly SizeHint[]): readonly string[] {
  if (hints.length === 0) return [];
  const lines = hints.slice(0, MOST_HINTS).map(({ rule, bytes, message, advice }) => {
    return ` - ${rule}: ${bytesText(bytes)} ${printableName(message)}:\n   ${printableName(advice)}`;
  });
  const more = hints.length > MOST_HINTS ? [` - and ${hints.length - MOST_HINTS} more: --json has them all`] : [];
  return ['it could be smaller:', ...lines, ...more];
}

export async function builtDocument({ written, images, hints, seconds }: BuiltResult) {
  return {
    written: written.map(({ reference, digest, compressed }) => ({
      reference,
      ...(digest === undefined ? {} : { digest }),
      ...(compressed === undefined ? {} : { compressed }),
    })),
    images: await Promise.all(
      images.map(async (image) => ({ platform: formatPlatform(image.platform), ...(await sizeOf(image)) })),
    ),
    hints,
    seconds: Number(seconds.toFixed(3)),
  };
}

async function sizeOf(image: BuiltImage) {
  const { layers } = image;
  const tree = await image.tree();
  return { unpacked: unpackedSize(tree), files: countFiles(tree), layers: layers.length };
}
