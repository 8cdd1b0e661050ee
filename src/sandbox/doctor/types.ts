/** What is asked about a machine, and how the answer looks. @module */

/**
 * - `present`: there and usable;
 * - `missing`: not there;
 * - `broken`: there, and of no use here: `detail` says why.
 */
export type State = 'present' | 'missing' | 'broken';

export interface Answer {
  readonly state: State;
  /** A version, a path, a number of ids: what was found, in a few words. */
  readonly detail: string;
}

/** The name of one thing's package in each family of distributions. */
export type Packages = Readonly<Partial<Record<'debian' | 'fedora' | 'arch' | 'alpine' | 'suse', string>>>;

export interface Question {
  /** Stable: for scripts. */
  readonly name: string;
  /** What it is good for: completes "needed for …". */
  readonly purpose: string;
  ask(): Promise<Answer>;
  /** How it comes: a package, or a sentence. Absent where nothing can be done. */
  readonly remedy?: Packages | string;
}
