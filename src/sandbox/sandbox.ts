/**
 * The sandbox on Linux: runc or crun over an overlay, as root or as an ordinary user in a user namespace.
 * @module
 */
import { execFile } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { Sandbox, SandboxRequest } from '../ports/sandbox.ts';
import { launch } from './launch.ts';
import { asNamespaceRoot, type Standing, standing } from './namespace.ts';
import { runtimeSpec } from './runtime-spec.ts';
import { abandonedDirectories, makeRunDirectory } from './state.ts';
import { suppliedFiles } from './supplied.ts';

export interface SandboxOptions {
  /** Directory for what lasts as long as a run; on a filesystem with room for what programs write. */
  readonly state: string;
  /** Path of runc or crun. */
  readonly runtime: string;
}

export function ociSandbox({ state, runtime }: SandboxOptions): Sandbox {
  return {
    async start(request, run) {
      const who = standing();
      await removeAbandoned(state, runtime, who);
      run?.signal?.throwIfAborted();
      await using stack = new AsyncDisposableStack();
      const directory = stack.use(await makeRunDirectory(state)).path;
      await prepare(directory, request, who);
      const { terminal, stdin, output } = request;
      const program = launch({ directory, runtime, who, terminal, stdin, output, signal: run?.signal });
      const held = stack.move();
      return { ...program, ended: program.ended.finally(() => held.disposeAsync()) };
    },
  };
}

async function prepare(directory: string, request: SandboxRequest, who: Standing): Promise<void> {
  await symlink(request.root, join(directory, 'lower'));
  const supplied = await suppliedFiles(directory, request);
  const spec = runtimeSpec(request, { root: 'root', supplied, privileged: who === 'root' });
  await writeFile(join(directory, 'config.json'), JSON.stringify(spec));
}

const CLEAN_UP = '"$1" --root "$2/state" delete --force "$3" 2>/dev/null; rm -rf "$2"';

/** Ends the containers of pares that were killed, and removes their directories, whose files may belong to mapped users. */
async function removeAbandoned(state: string, runtime: string, who: Standing): Promise<void> {
  for (const { path, lock } of await abandonedDirectories(state)) {
    using _ = lock;
    const words = [...asNamespaceRoot(who), 'sh', '-c', CLEAN_UP, 'sh', runtime, path, basename(path)];
    await promisify(execFile)(words[0] as string, words.slice(1));
  }
}
