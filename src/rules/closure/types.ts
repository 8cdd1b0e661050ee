/**
 * What the closure engine takes and gives. One engine, two uses: `pack` makes a tree of what is kept, `check` asks the same
 * rules about a finished tree and reports what is not met.
 * @module
 */
import type { LoadResult } from '../../loader/types.ts';
import type { DirInfo, Leaf, NodeInfo } from '../../model/node.ts';
import type { Facts, Requirement, Rule, Strength, Use } from '../rule.ts';
import type { Place } from './wants.ts';

/** What the user or the config asks for by itself; where the chains of reasons end. */
export interface Seed extends Requirement {
  /** Who asks, in place of a rule's name: `program`, `add`, `shell`, `config` … */
  readonly rule: string;
  /** The user named it: the list of what never goes in by itself does not hold for it. */
  readonly named?: boolean;
}

export interface ClosureOptions {
  readonly facts: Facts;
  readonly rules: readonly Rule[];
  readonly seeds: readonly Seed[];
  /**
   * `make`: files that pare writes itself, directories and users are noted, to be made. `check`: they have to be there.
   */
  readonly purpose: 'make' | 'check';
  /** Rules whose `forced` requirements are asked for as well, and whose suggestions are taken. */
  readonly forced?: ReadonlySet<string>;
  /** Whether suggestions are taken. Default false. */
  readonly suggested?: boolean;
  /** Why a leaf at a physical path must not go in unless the user names it; undefined where it may. */
  readonly denied?: (place: Place) => Promise<string | undefined>;
  /** Whether the user keeps the physical path out. */
  readonly excluded?: (path: string) => boolean;
}

/** Completes "PATH is there because FROM …". */
export interface Reason {
  readonly rule: string;
  /** What the rule said; how much it counts depends on what `from` counts. */
  readonly strength: Strength;
  readonly because: string;
  /** Physical path of the file that causes it; undefined where the user or the config does. */
  readonly from: string | undefined;
  /** The path it was asked for by, where that is another: links lead from there to here. */
  readonly as?: string;
}

/** Something of the source that is kept: a leaf, or a directory that was asked for by itself. */
export interface Kept {
  /** Physical path. */
  readonly path: string;
  readonly node: NodeInfo;
  /** The strongest chain of reasons: each link of it has at least this strength. */
  readonly strength: Strength;
  /** In the order in which they were found; the first is of the strongest chain. */
  readonly reasons: readonly Reason[];
  /** Of a regular file: how it is used, at the most. */
  readonly use: Use | undefined;
}

/** Something pare makes: a file, or a directory with metadata a rule gives. */
export interface Made {
  readonly path: string;
  readonly node: Leaf | DirInfo;
  readonly strength: Strength;
  readonly reasons: readonly Reason[];
}

/** A user or a group that has to be known, by name or number. */
export interface Account {
  readonly kind: 'user' | 'group';
  readonly name: string;
  readonly strength: Strength;
  readonly reasons: readonly Reason[];
}

/** A requirement that is not met. */
export interface Unmet {
  readonly requirement: Requirement;
  readonly reason: Reason;
  /** Of the whole chain. */
  readonly strength: Strength;
  /** The paths that were looked at, in order. */
  readonly tried: readonly string[];
}

/** Something that was there and is not taken. */
export interface NotTaken {
  readonly path: string;
  readonly why: 'suggested' | 'excluded' | 'denied';
  /** For `denied`: what the list says. */
  readonly detail?: string;
  readonly reason: Reason;
}

/** What the loader does for a program, or for a module in its program's process. */
export interface Load {
  /** Physical path of the program or module. */
  readonly path: string;
  readonly program: string;
  readonly strength: Strength;
  readonly result: LoadResult;
}

export interface Closure {
  /** By physical path, sorted by it. */
  readonly kept: ReadonlyMap<string, Kept>;
  readonly made: ReadonlyMap<string, Made>;
  readonly accounts: readonly Account[];
  readonly unmet: readonly Unmet[];
  readonly notTaken: readonly NotTaken[];
  readonly loads: readonly Load[];
}
