/** What one shell script says, before it is put together with those it reads in. @module */

/** One script, or one of its functions. */
export interface Scope {
  /** Name → whether it is called by that name for sure. */
  readonly commands: Map<string, boolean>;
  /** Files that are read into the script by `.` or `source`. */
  readonly sourced: Set<string>;
  readonly users: Set<string>;
  readonly groups: Set<string>;
  runsArguments: boolean;
}

/** A script that was parsed; `called.ts` puts it together with those it reads in. */
export interface ShellScript {
  /** By the name of the function; the script itself is `''`. */
  readonly scopes: ReadonlyMap<string, Scope>;
  /** Whether it is all proper syntax; of a script that is not, anything may have been misread. */
  readonly isSound: boolean;
  /** Names and paths that the script tests for before it uses them. */
  readonly tested: ReadonlySet<string>;
  /** Paths that are read in, from wherever in the script. */
  readonly sourced: readonly string[];
}
