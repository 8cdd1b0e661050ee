/** What is said of images that were made of others. @module */
import { countOf } from '../../base/count.ts';
import { printableName } from '../../base/names.ts';
import { formatPlatform } from '../../model/platform.ts';
import type { Edited, Size } from '../../operations/derive.ts';
import type { Written } from '../../operations/pack.ts';
import { bytesText } from './units.ts';

export interface DerivedResult {
  /** What they were made of. */
  readonly reference: string;
  readonly written: readonly Written[];
  readonly images: readonly Edited[];
  readonly seconds: number;
}

export function derivedText({ reference, written, images, seconds }: DerivedResult): string {
  const [first] = images;
  const one = images.length === 1 ? first : undefined;
  const places = written.map(({ reference: place, digest, compressed, platform }) => {
    const what = platform === undefined ? whatText(images) : `${formatPlatform(platform)} alone`;
    const stored = compressed === undefined ? '' : `${bytesText(compressed)}, `;
    return `${printableName(place)}: ${stored}${what}, ${seconds.toFixed(2)} s${digest === undefined ? '' : `\n  ${digest}`}`;
  });
  if (one !== undefined) return [...places, `from ${printableName(reference)}: ${before(one)}`].join('\n');
  const each = images.map(
    (image) => `  ${formatPlatform(image.platform)}: ${sizeText(image.after)}; from ${before(image)}`,
  );
  return [...places, ...each].join('\n');
}

function whatText(images: readonly Edited[]): string {
  const [first, second] = images;
  if (first === undefined || second !== undefined) return countOf(images.length, 'platform');
  return `${sizeText(first.after)}, ${formatPlatform(first.platform)}`;
}

function sizeText({ unpacked, files, layers }: Size): string {
  const known = unpacked === undefined ? '' : `${bytesText(unpacked)} unpacked, ${countOf(files ?? 0, 'file')}, `;
  return `${known}${countOf(layers, 'layer')}`;
}

function before({ before }: Edited): string {
  return `${bytesText(before.compressed)}, ${sizeText(before)}`;
}

export function derivedDocument({ written, images, reference, seconds }: DerivedResult) {
  return {
    written: written.map(({ platform, ...one }) =>
      platform === undefined ? one : { ...one, platform: formatPlatform(platform) },
    ),
    images: images.map(({ platform, before, after }) => ({
      platform: formatPlatform(platform),
      ...after,
      input: { reference, ...before },
    })),
    seconds,
  };
}
