/** What is said of images that were built. @module */
import { printableName } from '../../base/names.ts';
import type { BuiltImage } from '../../builders/dockerfile/image.ts';
import { formatPlatform } from '../../model/platform.ts';
import { countFiles, unpackedSize } from '../../model/tree.ts';
import type { Written } from '../../operations/pack.ts';
import { bytesText } from './units.ts';

export interface BuiltResult {
  readonly written: readonly Written[];
  readonly images: readonly BuiltImage[];
  readonly seconds: number;
}

export function builtText({ written, images, seconds }: BuiltResult): string {
  const places = written.map(({ reference, digest, compressed }) => {
    const stored = compressed === undefined ? '' : `${bytesText(compressed)}, `;
    return `${printableName(reference)}: ${stored}${seconds.toFixed(2)} s${digest === undefined ? '' : `\n  ${digest}`}`;
  });
  // Not how many files there are: to know it, an unchanged build would have to read what it is not going to use.
  const built = images.map(({ platform, layers }) => `built for ${formatPlatform(platform)}: ${layers.length} layers`);
  return [...places, ...built].join('\n');
}

export async function builtDocument({ written, images, seconds }: BuiltResult) {
  return {
    written: written.map(({ reference, digest, compressed }) => ({
      reference,
      ...(digest === undefined ? {} : { digest }),
      ...(compressed === undefined ? {} : { compressed }),
    })),
    images: await Promise.all(
      images.map(async (image) => ({ platform: formatPlatform(image.platform), ...(await sizeOf(image)) })),
    ),
    seconds: Number(seconds.toFixed(3)),
  };
}

async function sizeOf(image: BuiltImage) {
  const { layers } = image;
  const tree = await image.tree();
  return { unpacked: unpackedSize(tree), files: countFiles(tree), layers: layers.length };
}
