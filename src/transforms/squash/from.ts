/** Which layers stay below those that become one. @module */
import { countOf } from '../../base/count.ts';
import { encodedOf } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import type { Layer } from '../../model/image.ts';

/**
 * How many of the lowest layers stay, for what a user names them by: `2` (the lowest two stay), `-2` (the topmost two become
 * one, as docker-squash counts), or the layer above which all become one, by its digest or DiffID or twelve digits of one.
 * @throws ImageError USAGE, NOT_FOUND
 */
export function keptBelow(layers: readonly Layer[], from: string): number {
  if (/^-?\d{1,4}$/.test(from)) return counted(layers.length, Number(from), from);
  const digits = from.replace(/^sha(?:256|512):/, '');
  if (!/^[0-9a-f]{7,128}$/.test(digits)) {
    throw new ImageError('USAGE', `"${from.slice(0, 100)}" names no layer`, {
      hint: 'write how many of the lowest layers stay, -N for the topmost N, or a digest or DiffID (pare inspect lists them)',
    });
  }
  const found = layers.flatMap((layer, i) => (hasDigest(layer, digits) ? [i + 1] : []));
  const [only] = found;
  if (only === undefined) throw new ImageError('NOT_FOUND', `the image has no layer ${from}`, { hint: listed(layers) });
  if (found.length === 1) return only;
  throw new ImageError('USAGE', `the image has ${found.length} layers ${from}`, {
    hint: `write the number of one: ${found.join(', ')}`,
  });
}

function counted(count: number, number: number, text: string): number {
  const kept = text.startsWith('-') ? count + number : number;
  if (kept >= 0 && kept <= count) return kept;
  const layers = countOf(count, 'layer');
  throw new ImageError('USAGE', `--from ${text}: the image has ${layers}`, {
    hint: `write how many of the lowest layers stay, up to ${count}; or -N for the topmost N`,
  });
}

function hasDigest({ diffId, descriptor }: Layer, digits: string): boolean {
  return [diffId, descriptor?.digest].some((digest) => digest !== undefined && encodedOf(digest).startsWith(digits));
}

function listed(layers: readonly Layer[]): string {
  return `it has, from the base up, the DiffIDs ${layers.map(({ diffId }) => encodedOf(diffId).slice(0, 12)).join(', ')}`;
}
