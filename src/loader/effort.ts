/** How much one load may cost: hostile files can name a million libraries in a million directories. @module */
import { ImageError } from '../base/errors.ts';

/** A desktop program looks at some thousand paths and loads some hundred objects. */
const MAX_LOOKS = 200_000;
const MAX_OBJECTS = 16_384;

export interface Effort {
  /** Before a path is looked at. @throws ImageError LIMIT */
  look(): void;
  /** Before an object is loaded. @throws ImageError LIMIT */
  object(): void;
}

/** @param program for messages */
export function createEffort(program: string): Effort {
  let looks = 0;
  let objects = 0;
  return {
    look: () => {
      if (++looks > MAX_LOOKS) throw limit(`look at more than ${MAX_LOOKS} paths`);
    },
    object: () => {
      if (++objects > MAX_OBJECTS) throw limit(`load more than ${MAX_OBJECTS} objects`);
    },
  };
  function limit(what: string): ImageError {
    return new ImageError('LIMIT', `${program}: the loader would have to ${what}`, {
      hint: 'no real program does: leave the file out',
    });
  }
}
