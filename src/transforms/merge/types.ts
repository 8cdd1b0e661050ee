/** Several images as one: what goes in, and what can stand in the way. @module */
import type { RunConfig } from '../../formats/oci/types.ts';
import type { Node, Tree } from '../../model/tree.ts';

export interface MergeInput {
  /** For messages. */
  readonly reference: string;
  readonly tree: Tree;
  /** Undefined where it is a root filesystem, which says nothing. */
  readonly config: RunConfig | undefined;
}

/** What an image has at the path in question. Images count from 0 here, and from 1 for people. */
export interface Present<N extends Node = Node> {
  readonly image: number;
  readonly node: N;
}

/**
 * What differs. `id`: a name with two numbers or a number with two names; `version`: of a package; `value`: of a field of the
 * config; `record`: an entry of a database, in something else.
 */
export type ConflictKind =
  | 'kind'
  | 'mode'
  | 'owner'
  | 'xattrs'
  | 'content'
  | 'target'
  | 'device'
  | 'id'
  | 'version'
  | 'record'
  | 'value';

/** Something that two images say differently, and that no rule settles. */
export interface Conflict {
  /** A path of the root filesystem, or a field of the config as `Env.LANG`. */
  readonly where: string;
  /** What of it, where it is a database: `package libc6`, `user redis`. */
  readonly item?: string;
  readonly what: readonly ConflictKind[];
  /** Who has what, in the order of the images. */
  readonly sides: readonly Side[];
  /** Why pare does not settle it, where one might expect it. */
  readonly because?: string;
}

export interface Side {
  /** Numbers of the images, from 1. */
  readonly images: readonly number[];
  readonly has: string;
}

/**
 * Which image counts for a path or a field.
 * @param candidates numbers from 0 of the images that have it, ascending
 * @returns one of them; undefined where nothing is preferred
 */
export type Choose = (where: string, candidates: readonly number[]) => number | undefined;

/** In order of place. */
export function sortConflicts(conflicts: readonly Conflict[]): Conflict[] {
  const key = ({ where, item = '' }: Conflict) => `${where}\0${item}`;
  return conflicts.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

/** Images that have the same, together. @param has one text for each image, in their order */
export function sidesOf(has: readonly { readonly image: number; readonly has: string }[]): Side[] {
  const sides = new Map<string, number[]>();
  for (const one of has) {
    const images = sides.get(one.has);
    if (images === undefined) sides.set(one.has, [one.image + 1]);
    else images.push(one.image + 1);
  }
  return [...sides].map(([text, images]) => ({ images, has: text }));
}
