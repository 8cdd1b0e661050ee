/** What is said of images that were built. @module */
import { printableName } from '../../base/names.ts';
import { formatPlatform } from '../../model/platform.ts';
import { countFiles, unpackedSize } from '../../model/tree.ts';
import type { Written } from '../../operations/pack.ts';
import type { DerivedImage } from '../../ports/new-image.ts';
import { bytesText } from './units.ts';

export interface BuiltResult {
  readonly written: readonly Written[];
  readonly images: readonly DerivedImage[];
  readonly seconds: number;
}

export function builtText({ written, images, seconds }: BuiltResult): string {
  const places = written.map(({ reference, digest, compressed }) => {
    const stored = compressed === undefined ? '' : `${bytesText(compressed)}, `;
    return `${printableName(reference)}: ${stored}${seconds.toFixed(2)} s${digest === undefined ? '' : `\n  ${digest}`}`;
  });
  const built = images.map((image) => {
    const { unpacked, files, layers } = sizeOf(image);
    return `built for ${formatPlatform(image.platform)}: ${bytesText(unpacked)} unpacked, ${files} files, ${layers} layers`;
  });
  return [...places, ...built].join('\n');
}

export function builtDocument({ written, images, seconds }: BuiltResult) {
  return {
    written: written.map(({ reference, digest, compressed }) => ({
      reference,
      ...(digest === undefined ? {} : { digest }),
      ...(compressed === undefined ? {} : { compressed }),
    })),
    images: images.map((image) => ({ platform: formatPlatform(image.platform), ...sizeOf(image) })),
    seconds: Number(seconds.toFixed(3)),
  };
}

function sizeOf({ tree, layers }: DerivedImage) {
  return { unpacked: unpackedSize(tree), files: countFiles(tree), layers: layers.length };
}
