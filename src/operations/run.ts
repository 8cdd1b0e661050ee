/** Running a program of whatever has a root filesystem. @module */
import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fromSystem, ImageError } from '../base/errors.ts';
import { parseReference } from '../formats/reference/parse.ts';
import { formatPlatform, samePlatform } from '../model/platform.ts';
import type { Root } from '../ports/root.ts';
import type { RunningProgram, Volume } from '../ports/sandbox.ts';
import { planRun, type RunOptions } from '../sandbox/plan.ts';
import { preflight } from '../sandbox/preflight.ts';
import { type SandboxDirectories, sandboxDirectories, unpackedRoot } from '../sandbox/roots.ts';
import { findRuntime } from '../sandbox/runtime.ts';
import { ociSandbox } from '../sandbox/sandbox.ts';
import { makeRunDirectory } from '../sandbox/state.ts';
import { TOOLS_PATH, toolsOfMachine, toolsOfRoot } from '../sandbox/tools.ts';
import { type Access, openRoot } from '../sources.ts';
import { storeDirectory } from '../store/directory.ts';
import { type UnpackCommand, unpackRoot } from './unpack.ts';

export interface RunImageOptions extends Omit<RunOptions, 'extraPath'> {
  readonly reference: string;
  /** Name or path; default the first that is installed. */
  readonly runtime?: string;
  /** Lends a shell and small tools, those of the reference or else of this machine; the program can be one of them. */
  readonly tools?: { readonly reference?: string };
  readonly unpackCommand: UnpackCommand;
  /** Called when all is ready, and before the program writes anything. */
  readonly beforeStart?: () => void;
}

/** @throws ImageError, SandboxError where the program cannot be started */
export async function startImage(options: RunImageOptions, access: Access): Promise<RunningProgram> {
  await using stack = new AsyncDisposableStack();
  const directories = sandboxDirectories(storeDirectory(access.env));
  const runtime = await findRuntime(options.runtime);
  const root = stack.use(await openRoot(options.reference, access));
  assertPlatform(root, access);
  const tools = options.tools === undefined ? [] : [await lendTools(options.tools, directories, stack, access)];
  const volumes = [...(await Promise.all(options.volumes.map(existing))), ...tools];
  const extraPath = tools.map(({ destination }) => destination);
  const plan = await planRun(root.files, root.config?.config ?? {}, { ...options, volumes, extraPath });
  await preflight(root.files, plan);
  const path = await rootDirectory(root, directories, stack, options.unpackCommand, access);
  const sandbox = ociSandbox({ state: directories.state, runtime });
  options.beforeStart?.();
  const program = await sandbox.start({ ...plan, root: path }, access.run);
  const held = stack.move();
  return { ...program, ended: program.ended.finally(() => held.disposeAsync()) };
}

/** A manifest that is in no index is the only one there is: it may be of another platform than the one that is asked for. */
function assertPlatform({ reference, image, platform }: Root, { platform: wanted }: Access): void {
  if (wanted === undefined || image === undefined || samePlatform(platform, wanted)) return;
  throw new ImageError(
    'NOT_FOUND',
    `${reference} is for ${formatPlatform(platform)}, not for ${formatPlatform(wanted)}`,
    {
      hint: `leave out --platform, or name an image that is for ${formatPlatform(wanted)}`,
    },
  );
}

async function existing(volume: Volume): Promise<Volume> {
  try {
    await stat(volume.source);
    return volume;
  } catch (error) {
    throw fromSystem(error, `cannot show ${volume.source} in the sandbox`, `make it first: mkdir -p ${volume.source}`);
  }
}

/** Where the root filesystem is on this machine: unpacked, unless it is a directory already. */
async function rootDirectory(
  root: Root,
  directories: SandboxDirectories,
  stack: AsyncDisposableStack,
  command: UnpackCommand,
  access: Access,
): Promise<string> {
  const { kind, ...parsed } = parseReference(root.reference);
  if ((kind === 'rootfs' || kind === 'host') && 'path' in parsed) return realpath(parsed.path);
  const layers = root.config?.rootfs.diff_ids;
  const unpacked = await unpackedRoot(directories, layers, (path) => unpackRoot(root, path, command, access));
  return stack.use(unpacked).path;
}

async function lendTools(
  { reference }: { readonly reference?: string },
  { state }: SandboxDirectories,
  stack: AsyncDisposableStack,
  access: Access,
): Promise<Volume> {
  const work = stack.use(await makeRunDirectory(state));
  const source = join(work.path, 'tools');
  if (reference === undefined) {
    await toolsOfMachine(source);
  } else {
    await using root = await openRoot(reference, access);
    await toolsOfRoot(root.files, reference, source);
  }
  return { source, destination: TOOLS_PATH, readOnly: true };
}
