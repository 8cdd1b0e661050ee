/** Which image counts where two differ: `--prefer first`, `last`, `GLOB=N`. @module */
import { ImageError } from '../../base/errors.ts';
import { compileGlob } from '../../base/glob.ts';
import type { Choose } from './types.ts';

/**
 * Patterns are asked in their order, the first that names an image that has the path counts; then `first` or `last`.
 * @param count of the images
 * @throws ImageError USAGE
 */
export function parsePreferences(texts: readonly string[], count: number): Choose {
  const rules = texts.filter((text) => !isGeneral(text)).map((text) => parseRule(text, count));
  const general = [...new Set(texts.filter(isGeneral))];
  if (general.length > 1) {
    throw new ImageError('USAGE', '--prefer first and --prefer last contradict each other');
  }
  return (where, candidates) => {
    const rule = rules.find(({ image, test }) => candidates.includes(image) && test(where));
    if (rule !== undefined) return rule.image;
    return general.length === 0 ? undefined : candidates.at(general[0] === 'first' ? 0 : -1);
  };
}

function isGeneral(text: string): boolean {
  return text === 'first' || text === 'last';
}

function parseRule(text: string, count: number): { image: number; test: (where: string) => boolean } {
  const [, glob, number] = /^(.+)=(\d{1,4})$/s.exec(text) ?? [];
  const image = Number(number) - 1;
  if (glob === undefined || !(image >= 0 && image < count)) {
    throw new ImageError('USAGE', `--prefer ${text}: it is neither "first" nor "last" nor GLOB=N`, {
      hint: `N counts the images from 1 to ${count}, as in --prefer '/etc/**=2'`,
    });
  }
  return { image, test: compileGlob(glob) };
}
