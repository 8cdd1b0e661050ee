/** Names in a layer that climb above its root, `../etc/passwd`: they are taken as below it, and that is worth a word. @module */
import { countOf } from '../../base/count.ts';
import { printableName } from '../../base/names.ts';
import { cleanPath } from '../../base/path.ts';

export class ClimbingNames {
  #first: string | undefined;
  #count = 0;

  /** Counts the name where it climbs. @param name as it stands in the archive */
  look(name: string): void {
    let depth = 0;
    for (const part of name.split('/')) {
      if (part === '..') depth--;
      else if (part !== '' && part !== '.') depth++;
      if (depth >= 0) continue;
      this.#first ??= name;
      this.#count++;
      return;
    }
  }

  /** One sentence for all of them; undefined where there are none. */
  get text(): string | undefined {
    if (this.#first === undefined) return undefined;
    const more = this.#count === 1 ? '' : ` (and ${countOf(this.#count - 1, 'more name')})`;
    const meant = printableName(cleanPath(`/${this.#first}`).slice(0, 200));
    return `"${printableName(this.#first.slice(0, 200))}" climbs above the root${more}: it is taken as ${meant}`;
  }
}
