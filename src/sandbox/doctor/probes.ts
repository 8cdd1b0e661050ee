/** Trying things out: what a machine can do is what it does. @module */
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fromSystem, ImageError } from '../../base/errors.ts';
import type { SandboxRequest } from '../../ports/sandbox.ts';
import { obstacleToErofs } from '../build/choose.ts';
import { startHelper } from '../build/helper/client.ts';
import { standing } from '../namespace.ts';
import { ociSandbox } from '../sandbox.ts';
import { output } from './programs.ts';
import { tinyProgram } from './tiny-program.ts';
import type { Answer, Asker } from './types.ts';

/** @returns why the runtime cannot run a program here, or undefined where it can */
export async function probeRuntime(runtime: string): Promise<string | undefined> {
  const program = tinyProgram();
  if (program === undefined) return undefined;
  await using directory = await mkdtempDisposable(join(tmpdir(), 'pare-doctor-'));
  const root = join(directory.path, 'root');
  await mkdir(root);
  await chmod(directory.path, 0o755);
  await writeFile(join(root, 'true'), program, { mode: 0o755 });
  try {
    const sandbox = ociSandbox({ state: join(directory.path, 'state'), runtime });
    const { ended } = await sandbox.start(request(root));
    const status = await ended;
    return status === 0 ? undefined : `a program that does nothing ended with status ${status}`;
  } catch (error) {
    if (error instanceof ImageError) return error.message;
    throw error;
  }
}

function request(root: string): SandboxRequest {
  return {
    root,
    process: { args: ['/true'], env: [], cwd: '/', uid: 0, gid: 0, groups: [] },
    hostname: 'doctor',
    network: 'host',
    readOnly: true,
    volumes: [],
    scratch: [],
    stdin: false,
    terminal: false,
    output: 'ignore',
  };
}

const MOUNT =
  'cd "$1" && mkdir lower upper work root && mount -t overlay -o "lowerdir=lower,upperdir=upper,workdir=work$2" overlay root';

/** @param how in a mount namespace of the machine's, as only root may, or in a user namespace */
export async function probeOverlay(how: 'mounts' | 'user'): Promise<Answer> {
  if (how === 'mounts' && standing() === 'user') return { state: 'missing', detail: 'not tried: you are not root' };
  await using directory = await mkdtempDisposable(join(tmpdir(), 'pare-doctor-'));
  const namespaces = how === 'user' ? ['--user', '--map-root-user', '--mount'] : ['--mount'];
  const attributes = how === 'user' || standing() !== 'root' ? ',userxattr' : '';
  const script = ['sh', '-c', MOUNT, 'sh', directory.path, attributes];
  const { ok, text } = await output('unshare', [...namespaces, '--', ...script]);
  return ok ? { state: 'present', detail: 'mounts' } : { state: 'missing', detail: text };
}

/** Mounts an image of a layer on the disk that the store is on, as a build does. */
export async function probeErofsMounts({ helperCommand, store }: Asker): Promise<Answer> {
  const who = standing();
  if (who !== 'root') return { state: 'missing', detail: 'not tried: you are not root' };
  try {
    await using directory = await mkdtempDisposable(join(firstThere(store), '.pare-doctor-'));
    await using helper = await startHelper({ who, command: helperCommand, directory: directory.path, terminal: false });
    const obstacle = await obstacleToErofs({ who, helper, directory: directory.path });
    return obstacle === undefined ? { state: 'present', detail: 'mounts' } : { state: 'missing', detail: obstacle };
  } catch (error) {
    const failure = fromSystem(error, `cannot be tried beside ${store}`);
    return { state: 'missing', detail: failure.message };
  }
}

/** The path, or what there is of it. */
function firstThere(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : firstThere(dirname(path));
}
