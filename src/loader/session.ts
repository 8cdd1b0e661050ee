/** What a loader is given to start a program, and what can be asked of the program afterwards. @module */
import type { Interpreter } from './interpreter.ts';
import type { Opened } from './opened.ts';
import type { LoaderOptions, LoadResult } from './types.ts';

/** A program, the loader that starts it, and the path by which that is named. */
export interface Start {
  readonly file: Opened;
  readonly interpreter: Interpreter;
  readonly interpreterPath: string | undefined;
  readonly options: LoaderOptions;
}

/** A program after its start. */
export interface Session {
  readonly program: LoadResult;
  /**
   * What dlopen(3) would add. Each call begins with the program as it was started.
   * @param by path of the calling object; default the program
   */
  open(name: string, by: string | undefined): Promise<LoadResult>;
}
