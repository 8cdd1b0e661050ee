/** `--annotation`: what is said of manifests and of the index. @module */
import { ImageError } from '../../base/errors.ts';
import type { Platform } from '../../formats/oci/types.ts';
import { samePlatform } from '../../model/platform.ts';

export interface Annotation {
  readonly of: AnnotatedDocument;
  /** Default all of them. */
  readonly platform?: Platform;
  readonly key: string;
  readonly value: string;
}

/** The descriptor is the one that stands in the index. */
export type AnnotatedDocument = 'manifest' | 'manifest-descriptor' | 'index';

/** @returns undefined where there are none: then the document has no such field */
export function annotationsOf(
  all: readonly Annotation[],
  document: AnnotatedDocument,
  platform?: Platform,
): Readonly<Record<string, string>> | undefined {
  const meant = all.filter(
    (one) =>
      one.of === document &&
      (one.platform === undefined || (platform !== undefined && samePlatform(one.platform, platform))),
  );
  return meant.length === 0 ? undefined : Object.fromEntries(meant.map(({ key, value }) => [key, value]));
}

/** @throws ImageError USAGE for what is said of an index where there will be none */
export function assertIndex(all: readonly Annotation[], isIndex: boolean): void {
  const lost = all.find(({ of }) => of !== 'manifest');
  if (lost === undefined || isIndex) return;
  throw new ImageError('USAGE', `--annotation ${lost.of}:${lost.key}: an image of one platform has no index`, {
    hint: 'annotate the manifest, or build several platforms',
  });
}
