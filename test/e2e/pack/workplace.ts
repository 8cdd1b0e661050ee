/** A directory of a test's own, programs compiled into it, and pare with a store there. @module */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type CommandOptions, command, type Outcome, output } from '../programs/command.ts';
import { PARE } from '../programs/packed.ts';

export interface Workplace extends AsyncDisposable {
  readonly dir: string;
  /** Paths are relative to {@link dir}. */
  file(path: string, text: string): Promise<string>;
  /** Compiles C with gcc (or another compiler) to a file of that name. */
  compile(path: string, source: string, flags?: readonly string[], compiler?: string): Promise<string>;
  /** pare with its store in this directory. */
  pare(...args: readonly string[]): Promise<Outcome>;
  /** The same, with more in its environment. */
  pareWith(options: CommandOptions, ...args: readonly string[]): Promise<Outcome>;
}

export async function workplace(): Promise<Workplace> {
  const dir = await mkdtemp('/tmp/pare-pack-');
  await chmod(dir, 0o755);
  const at = async (path: string) => {
    const full = join(dir, path);
    await mkdir(dirname(full), { recursive: true });
    return full;
  };
  const pareWith: Workplace['pareWith'] = ({ env, ...options }, ...args) =>
    command([...PARE, ...args], {
      cwd: dir,
      timeout: 300_000,
      ...options,
      env: { PARE_HOME: join(dir, 'store'), ...env },
    });
  return {
    dir,
    file: async (path, text) => {
      const full = await at(path);
      await writeFile(full, text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
      return full;
    },
    compile: async (path, source, flags = [], compiler = 'gcc') => {
      const full = await at(path);
      await output([compiler, '-xc', '-', '-o', full, ...flags], { input: source, cwd: dir });
      return full;
    },
    pareWith,
    pare: (...args) => pareWith({}, ...args),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

/** Prints its first argument, and the user and directory it runs as and in. */
export const HELLO = `
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv) {
  char cwd[4096];
  printf("hello %s as %d:%d in %s\\n", argc > 1 ? argv[1] : "nobody", getuid(), getgid(), getcwd(cwd, sizeof cwd));
  return argc - 1;
}`;
