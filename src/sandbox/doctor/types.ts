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

/** What a question may need of whoever asks. */
export interface Asker {
  /** Words that start pare's own verb `step-helper`. */
  readonly helperCommand: readonly string[];
  /** Of the store, whether it is there or not: some things depend on what disk it is on. */
  readonly store: string;
}

/** The name of one thing's package in each family of distributions. */
export type Packages = Readonly<Partial<Record<'debian' | 'fedora' | 'arch' | 'alpine' | 'suse', string>>>;

export interface Question {
  /** Stable: for scripts. */
  readonly name: string;
  /** What it is good for: completes "needed for …". */
  readonly purpose: string;
  ask(asker: Asker): Promise<Answer>;
  /** How it comes: a package, or a sentence. Absent where nothing can be done. */
  readonly remedy?: Packages | string;
}
