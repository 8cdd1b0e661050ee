/**
 * Whether the program could be started at all, found out before anything is: what a shell's PATH search and execve(2) would
 * say, in words that name the file that is missing.
 * @module
 */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { ImageError, systemCode } from '../base/errors.ts';
import { isWithin, joinPath, splitPath } from '../base/path.ts';
import { readElf } from '../formats/elf/read.ts';
import type { Elf } from '../formats/elf/types.ts';
import { platformOfElf } from '../model/elf-platform.ts';
import type { FileNode, Meta } from '../model/node.ts';
import type { Files } from '../ports/files.ts';
import { type ProcessSpec, SandboxError, type Volume } from '../ports/sandbox.ts';
import { isNative } from './architectures.ts';
import { binfmtHandlers, handles } from './binfmt.ts';
import type { RunPlan } from './plan.ts';

/** Linux reads this much of a script's first line (execve(2), "Interpreter scripts"). */
const HEAD = 255;
/** A script's interpreter may be a script, this often (fs/exec.c, exec_binprm). */
const MAX_SCRIPTS = 5;

const NOT_EXECUTABLE = 'it has no execute permission';

/** What is asked about one program. */
interface Inquiry {
  readonly files: Files;
  readonly process: ProcessSpec;
  /** Whether a volume stands at the path, so that the image says nothing about it. */
  readonly supplied: (path: string) => boolean;
}

/**
 * Passes where the program is there, or where a volume may supply it.
 * @throws SandboxError
 */
export async function preflight(files: Files, { process, volumes }: RunPlan): Promise<void> {
  const supplied = (path: string) => volumes.some((volume) => maySupply(volume, path));
  const name = process.args[0] ?? '';
  const candidates = candidatePaths(name, process);
  if (candidates.some(supplied)) return;
  let refused: SandboxError | undefined;
  for (const path of candidates) {
    const found = await files.resolve(path);
    if (found.kind === 'missing') continue;
    const why = whyNotExecutable(found.node.kind, found.node.meta, process);
    if (why === undefined) return checkProgram({ files, process, supplied }, path, found.node as FileNode, MAX_SCRIPTS);
    refused ??= refusal(path, why, hintFor(why, path));
  }
  throw refused ?? notFound(name, candidates);
}

/** Whether there may be something: links are not followed, since in the sandbox they lead elsewhere. */
function maySupply({ source, destination }: Volume, path: string): boolean {
  if (!isWithin(path, destination)) return false;
  let at = source;
  for (const name of splitPath(path).slice(splitPath(destination).length)) {
    at = join(at, name);
    try {
      const stats = lstatSync(at, { throwIfNoEntry: false });
      if (stats === undefined) return false;
      if (stats.isSymbolicLink()) return true;
    } catch (error) {
      return systemCode(error) !== 'ENOTDIR';
    }
  }
  return true;
}

function hintFor(why: string, path: string): { hint: string } | undefined {
  if (why !== NOT_EXECUTABLE) return undefined;
  return { hint: `a text is shown by "pare cat IMAGE ${path}"; a program needs chmod +x where the image is made` };
}

function candidatePaths(name: string, { cwd, env }: ProcessSpec): readonly string[] {
  if (name.includes('/')) return [joinPath(cwd, name)];
  const path = env.find((line) => line.startsWith('PATH='))?.slice('PATH='.length) ?? '';
  return path.split(':').map((directory) => joinPath(joinPath(cwd, directory || '.'), name));
}

function whyNotExecutable(kind: string, { mode, uid, gid }: Meta, process: ProcessSpec): string | undefined {
  if (kind === 'dir') return 'it is a directory';
  if (kind !== 'file') return `it is no regular file (${kind})`;
  if ((mode & 0o111) === 0) return NOT_EXECUTABLE;
  if (process.uid === 0) return undefined;
  const grouped = process.gid === gid || process.groups.includes(gid);
  const bit = process.uid === uid ? 0o100 : grouped ? 0o010 : 0o001;
  return (mode & bit) === 0 ? `user ${process.uid} may not execute it` : undefined;
}

async function checkProgram(inquiry: Inquiry, path: string, node: FileNode, scriptsLeft: number): Promise<void> {
  const head = Buffer.from(await inquiry.files.read(node, { offset: 0, size: HEAD }));
  if (head.toString('latin1', 0, 2) === '#!') return checkScript(inquiry, path, head, scriptsLeft);
  const elf = await readProgram(inquiry.files, path, node);
  const architecture = elf === undefined ? undefined : platformOfElf(elf)?.architecture;
  if (architecture === undefined || !isNative(architecture)) await checkHandler(path, head, architecture);
  if (elf?.interp !== undefined) await checkInterpreter(inquiry, path, elf.interp);
}

async function readProgram(files: Files, path: string, node: FileNode): Promise<Elf | undefined> {
  try {
    return await readElf((offset, size) => files.read(node, { offset, size }), node.content.size);
  } catch (error) {
    if (error instanceof ImageError) throw refusal(path, error.message);
    throw error;
  }
}

async function checkScript(inquiry: Inquiry, path: string, head: Buffer, scriptsLeft: number): Promise<void> {
  const line = head.toString('latin1', 2).split('\n', 1)[0] ?? '';
  const interpreter = line.trim().split(/[ \t]/, 1)[0] ?? '';
  if (interpreter === '') throw refusal(path, 'it is a script whose first line names no interpreter');
  const node = await checkInterpreter(inquiry, path, interpreter);
  if (node === undefined) return;
  if (scriptsLeft === 0) throw refusal(path, 'its interpreter is a script, whose interpreter is a script, and so on');
  await checkProgram(inquiry, interpreter, node, scriptsLeft - 1);
}

/** @returns undefined where a volume supplies it */
async function checkInterpreter(inquiry: Inquiry, path: string, interpreter: string): Promise<FileNode | undefined> {
  if (inquiry.supplied(interpreter)) return undefined;
  const found = await inquiry.files.resolve(joinPath(inquiry.process.cwd, interpreter));
  if (found.kind === 'found' && found.node.kind === 'file') return found.node;
  throw new SandboxError(127, `cannot run ${path}: it is there, but ${interpreter}, which has to load it, is not`, {
    hint: '"pare check" says all that is missing in an image; "pare pack" brings what a program needs',
  });
}

/** For what the kernel does not run by itself: programs of another machine, and files that are no programs. */
async function checkHandler(path: string, head: Uint8Array, architecture: string | undefined): Promise<void> {
  if ((await binfmtHandlers()).some((handler) => handles(handler, head))) return;
  if (architecture === undefined) throw refusal(path, 'it is neither an ELF program nor a script with #!');
  throw refusal(path, `it is for ${architecture}, and nothing here runs such programs`, {
    hint: 'qemu can: on Debian and Ubuntu, sudo apt-get install qemu-user-static; "pare doctor" shows what there is',
  });
}

function refusal(path: string, why: string, details?: { hint: string }): SandboxError {
  return new SandboxError(126, `cannot run ${path}: ${why}`, details);
}

function notFound(name: string, candidates: readonly string[]): SandboxError {
  const where = name.includes('/') ? 'the image has no such file' : `the image has none of ${candidates.join(', ')}`;
  return new SandboxError(127, `cannot run ${name}: ${where}`, {
    hint: '"pare ls" shows what an image holds; "pare run --debug" lends it a shell and the usual tools',
  });
}
