/**
 * Whether the program could be started at all, found out before anything is: what a shell's PATH search and execve(2) would
 * say, in words that name the file that is missing.
 * @module
 */
import { ImageError } from '../base/errors.ts';
import { isWithin, joinPath } from '../base/path.ts';
import { readElf } from '../formats/elf/read.ts';
import type { FileNode, Meta } from '../model/node.ts';
import type { Files } from '../ports/files.ts';
import { type ProcessSpec, SandboxError, type SandboxRequest } from '../ports/sandbox.ts';

/** Linux reads this much of a script's first line (execve(2), "Interpreter scripts"). */
const HASH_BANG_LIMIT = 255;
/** A script's interpreter may be a script, this often (BINPRM recursion in fs/exec.c). */
const MAX_SCRIPTS = 5;

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
export async function preflight(files: Files, { process, volumes }: SandboxRequest): Promise<void> {
  const supplied = (path: string) => volumes.some(({ destination }) => isWithin(path, destination));
  const inquiry = { files, process, supplied };
  const name = process.args[0] ?? '';
  const candidates = candidatePaths(name, process);
  if (candidates.some(supplied)) return;
  let refused: SandboxError | undefined;
  for (const path of candidates) {
    const found = await files.resolve(path);
    if (found.kind === 'missing') continue;
    const why = whyNotExecutable(found.node.kind, found.node.meta, process);
    if (why === undefined) return await checkInterpreter(inquiry, path, found.node as FileNode, MAX_SCRIPTS);
    refused ??= new SandboxError(126, `cannot run "${name}": ${path} ${why}`);
  }
  throw refused ?? notFound(name, candidates);
}

function candidatePaths(name: string, { cwd, env }: ProcessSpec): readonly string[] {
  if (name.includes('/')) return [joinPath(cwd, name)];
  const path = env.find((line) => line.startsWith('PATH='))?.slice('PATH='.length) ?? '';
  return path.split(':').map((directory) => joinPath(joinPath(cwd, directory || '.'), name));
}

function whyNotExecutable(kind: string, { mode, uid, gid }: Meta, process: ProcessSpec): string | undefined {
  if (kind === 'dir') return 'is a directory';
  if (kind !== 'file') return `is no regular file (${kind})`;
  if ((mode & 0o111) === 0) return 'has no execute permission';
  if (process.uid === 0) return undefined;
  const grouped = process.gid === gid || process.groups.includes(gid);
  const bit = process.uid === uid ? 0o100 : grouped ? 0o010 : 0o001;
  return (mode & bit) === 0 ? `may not be executed by user ${process.uid}` : undefined;
}

async function checkInterpreter(inquiry: Inquiry, path: string, node: FileNode, left: number): Promise<void> {
  const asked = await interpreterOf(inquiry.files, path, node);
  if (asked === undefined || inquiry.supplied(asked.path)) return;
  const found = await inquiry.files.resolve(joinPath(inquiry.process.cwd, asked.path));
  if (found.kind !== 'found' || found.node.kind !== 'file') throw withoutInterpreter(path, asked.path);
  if (asked.script && left > 0) await checkInterpreter(inquiry, asked.path, found.node, left - 1);
}

/** The dynamic loader that an ELF program asks for, or the interpreter in a script's first line. */
async function interpreterOf(
  files: Files,
  path: string,
  node: FileNode,
): Promise<{ readonly path: string; readonly script: boolean } | undefined> {
  const head = Buffer.from(await files.read(node, { offset: 0, size: HASH_BANG_LIMIT })).toString('latin1');
  if (head.startsWith('#!')) {
    const line = head.slice(2).split('\n', 1)[0] ?? '';
    const interpreter = line.trim().split(/[ \t]/, 1)[0] ?? '';
    return interpreter === '' ? undefined : { path: interpreter, script: true };
  }
  try {
    const elf = await readElf((offset, size) => files.read(node, { offset, size }), node.content.size);
    return elf?.interp === undefined ? undefined : { path: elf.interp, script: false };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new SandboxError(126, `cannot run "${path}": ${error.message}`, { cause: error });
  }
}

function withoutInterpreter(path: string, interpreter: string): SandboxError {
  return new SandboxError(127, `cannot run ${path}: it is there, but ${interpreter}, which has to load it, is not`, {
    hint: '"pare check" says all that is missing in an image; "pare pack" brings what a program needs',
  });
}

function notFound(name: string, candidates: readonly string[]): SandboxError {
  const where = name.includes('/')
    ? `there is no ${candidates[0]} in the image`
    : `it is not in ${candidates.join(', ')}`;
  return new SandboxError(127, `cannot run "${name}": ${where}`, {
    hint: '"pare ls" shows what an image holds; "pare run --debug" lends it a shell and the usual tools',
  });
}
