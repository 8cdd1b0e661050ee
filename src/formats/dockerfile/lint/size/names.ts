/** What the name of a base image tells. @module */
import { ImageError } from '../../../../base/errors.ts';
import { parseNamed } from '../../../reference/docker.ts';

export interface NamedImage {
  /** The last part of the repository: `debian` of `docker.io/library/debian`. */
  readonly name: string;
  readonly tag: string;
}

export function imageOf(text: string): NamedImage | undefined {
  try {
    const { path, tag = 'latest' } = parseNamed(text);
    return { name: path.split('/').at(-1) ?? path, tag };
  } catch (error) {
    if (error instanceof ImageError) return undefined;
    throw error;
  }
}
