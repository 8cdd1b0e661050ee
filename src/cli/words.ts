/** Words of the command line that more than one verb takes. @module */
import { InvalidArgumentError, Option } from 'commander';
import { ImageError } from '../base/errors.ts';
import { LAYER_FORMS, parseLayerForm } from '../formats/layer/form.ts';

/** For options that may be given again and again. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** A JSON array of words, or else one word: as Docker's exec form and a plain program name. */
export function commandWords(text: string): readonly string[] {
  if (!text.trimStart().startsWith('[')) return [text];
  try {
    const words: unknown = JSON.parse(text);
    if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  } catch (error) {
    throw new InvalidArgumentError(`it is no JSON array: ${(error as Error).message}`);
  }
  throw new InvalidArgumentError('it has to be an array of strings, as ["redis-server", "--port", "6379"]');
}

/** `NAME=VALUE` pairs; a name alone gets an empty value. */
export function pairs(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const cut = text.indexOf('=');
      return cut < 0 ? [text, ''] : [text.slice(0, cut), text.slice(cut + 1)];
    }),
  );
}

/** Seconds since the epoch. @throws ImageError USAGE where SOURCE_DATE_EPOCH is no number */
export function sourceDate(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const text = env['SOURCE_DATE_EPOCH'];
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,11}$/.test(text)) return Number(text);
  throw new ImageError('USAGE', `SOURCE_DATE_EPOCH is "${text}", which is no number of seconds`, {
    hint: 'unset it, or set it to seconds since 1970, as in "date +%s"',
  });
}

/** `--compression`: one of the forms of a layer, and perhaps a level. @param what it is said of */
export function layerFormOption(what: string): Option {
  const forms = LAYER_FORMS.join(', ');
  return new Option('--compression <form[:level]>', `${what}: ${forms}`).argParser(parseLayerForm);
}
