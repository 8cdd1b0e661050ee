/** Files that are joined entry by entry, since every image has its own. @module */
import type { Conflict } from '../types.ts';

export interface ImageText {
  /** Number of the image, from 0. */
  readonly image: number;
  /** As `decodeName` gives it: no byte is lost. */
  readonly text: string;
}

/** A conflict in the file that is being joined. */
export type ItemConflict = Omit<Conflict, 'where'>;

export interface JoinedText {
  readonly text: string;
  readonly conflicts: readonly ItemConflict[];
}

/** @param choose which of the images counts in this file */
export type Joiner = (
  texts: readonly ImageText[],
  choose: (images: readonly number[]) => number | undefined,
) => JoinedText;
