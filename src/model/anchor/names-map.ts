/**
 * What a directory of a layer that is being read has in it. Most archives finish one directory before the next: then its
 * entries are kept as two sorted lists, which is what they are to become, and takes half the memory of a Map.
 * @module
 */
import { indexOfName, sortedKeys } from '../children.ts';

/** How often one directory is packed: an archive that goes to and fro between two would have them copied each time. */
const MAX_PACKINGS = 4;

/** Shared by all that are empty. */
const NONE: never[] = [];

export class NamesMap<T> {
  #names: readonly string[] = NONE;
  #values: T[] = NONE;
  /** In place of the lists while entries are being added. */
  #open: Map<string, T> | undefined;
  #packings = 0;

  get(name: string): T | undefined {
    if (this.#open !== undefined) return this.#open.get(name);
    const index = indexOfName(this.#names, name);
    return index < 0 ? undefined : this.#values[index];
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  set(name: string, value: T): void {
    this.#open ??= new Map(this.#names.map((known, i) => [known, this.#values[i] as T]));
    this.#open.set(name, value);
    this.#names = NONE;
    this.#values = NONE;
  }

  /** Says that no more entries are likely to come. */
  pack(): void {
    if (this.#open !== undefined && this.#packings++ < MAX_PACKINGS) this.#pack(this.#open);
  }

  /** Names sorted by code unit, and values parallel to them. The map must not be used any more. */
  lists(): { readonly names: readonly string[]; readonly values: T[] } {
    if (this.#open !== undefined) this.#pack(this.#open);
    return { names: this.#names, values: this.#values };
  }

  #pack(open: ReadonlyMap<string, T>): void {
    this.#names = sortedKeys(open);
    this.#values = this.#names.map((name) => open.get(name) as T);
    this.#open = undefined;
  }
}
