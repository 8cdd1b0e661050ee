/** `--annotation [DOCUMENT[,DOCUMENT…]:]KEY=VALUE`, as docker buildx has it. @module */
import { ImageError } from '../../base/errors.ts';
import { parsePlatform } from '../../model/platform.ts';
import type { AnnotatedDocument, Annotation } from '../../operations/build/annotations.ts';
import { machinePlatform } from '../../system/machine.ts';

const DOCUMENTS: readonly string[] = ['manifest', 'manifest-descriptor', 'index'] satisfies AnnotatedDocument[];

/** @throws ImageError USAGE */
export function annotations(texts: readonly string[]): readonly Annotation[] {
  return texts.flatMap(annotation);
}

function annotation(text: string): readonly Annotation[] {
  const cut = text.indexOf('=');
  if (cut <= 0) throw usage(text, 'a key, = and a value are wanted');
  const value = text.slice(cut + 1);
  const colon = text.slice(0, cut).indexOf(':');
  const key = text.slice(colon + 1, cut);
  if (colon < 0) return [{ of: 'manifest', key, value }];
  return text
    .slice(0, colon)
    .split(',')
    .map((words) => ({ ...documentOf(words, text), key, value }));
}

/** `manifest[linux/amd64]` */
function documentOf(words: string, text: string): Pick<Annotation, 'of' | 'platform'> {
  const [, document = '', platform] = /^([a-z-]+)(?:\[([\w/.-]+)\])?$/.exec(words) ?? [];
  if (document === 'index-descriptor') {
    throw usage(
      text,
      "what names the index is the store's, a registry's or a layout's own, and says no more than its name",
    );
  }
  if (!DOCUMENTS.includes(document)) throw usage(text, `"${words}" is none of ${DOCUMENTS.join(', ')}`);
  const of = document as AnnotatedDocument;
  return platform === undefined ? { of } : { of, platform: parsePlatform(platform, machinePlatform()) };
}

function usage(text: string, problem: string): ImageError {
  return new ImageError('USAGE', `--annotation ${text}: ${problem}`);
}
