/** What the loader does for the programs and modules of one closure, each asked once. @module */

import { loadByName, loadModule, loadProgram } from '../../loader/load.ts';
import type { LoadResult } from '../../loader/types.ts';
import type { Facts } from '../rule.ts';

export interface Loading {
  /** Of a program, or of a library as if it were started by itself. */
  program(path: string): Promise<LoadResult>;
  /** Of a file opened by dlopen(3) in a program's process; the program's own result where it has it loaded already. */
  module(path: string, program: string): Promise<LoadResult>;
  /** Of a name given to dlopen(3) by the object `by`. */
  named(name: string, by: string, program: string): Promise<LoadResult>;
}

export function createLoading(facts: Facts): Loading {
  const known = new Map<string, Promise<LoadResult>>();
  const once = (key: string, load: () => Promise<LoadResult>) => {
    let result = known.get(key);
    if (result === undefined) {
      result = load();
      known.set(key, result);
    }
    return result;
  };
  const options = { env: facts.env, cpu: facts.cpu, cache: facts.loader };
  const program = (path: string) => once(path, () => loadProgram(facts.files, path, options));
  return {
    program,
    module: async (path, process) => {
      const elf = await facts.elf(process);
      if (path === process || elf?.interp === undefined)
        return once(`${path}\0`, () => loadModule(facts.files, path, options));
      const own = await program(process);
      if (own.objects.some(({ realPath }) => realPath === path)) return own;
      return once(`${path}\0${process}`, () => loadModule(facts.files, path, { ...options, program: process }));
    },
    named: (name, by, process) =>
      once(`${name}\0${by}\0${process}`, () => loadByName(facts.files, name, { ...options, by, program: process })),
  };
}
