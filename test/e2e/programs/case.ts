/** What is tested of one program. @module */
import type { Runner } from './runner.ts';
import type { Servers } from './servers.ts';

export interface ProgramCase {
  /** As given to `pare pack`. */
  readonly program: string;
  /** The Debian package that brings it. */
  readonly debianPackage: string;
  /** Further arguments of `pare pack`; `servers` for what only the running test knows. */
  packArguments?(servers: Servers): readonly string[];
  /** Shell words that make ready what the machine's service manager would, where the program runs on the machine itself. */
  readonly nativeSetup?: string;
  /** Packages that are the runtime's standard library: they count towards the size that is allowed. */
  readonly standardLibrary?: readonly string[];
  /** Bytes the unpacked image may have at most, where that is fixed rather than measured. */
  readonly ceiling?: number;
  /** Does real work and throws where the result is not right. */
  test(runner: Runner, servers: Servers): Promise<void>;
}
