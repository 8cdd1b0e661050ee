/**
 * A shell and the usual small tools for an image that has none: static programs in a directory of the machine, shown to the
 * image's program at a place of their own. Linked with each other by relative links, so that they work anywhere.
 * @module
 */
import { chmod, copyFile, mkdir, open, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageError } from '../base/errors.ts';
import { basename } from '../base/path.ts';
import { readElf } from '../formats/elf/read.ts';
import type { FileNode } from '../model/node.ts';
import type { Files } from '../ports/files.ts';
import { output } from './doctor/programs.ts';
import { findProgram } from './runtime.ts';

/** Where the tools are in the sandbox. */
export const TOOLS_PATH = '/.pare/debug';

/** Where programs are in a root filesystem. */
const PROGRAM_DIRECTORIES = ['/bin', '/usr/bin', '/sbin', '/usr/sbin', '/usr/local/bin', '/busybox'];

const HINT = 'install busybox-static, or name an image that has static tools: --debug=REF';

/** Fills the directory with the machine's static busybox. @throws ImageError UNAVAILABLE where there is none */
export async function toolsOfMachine(directory: string): Promise<void> {
  const path = await findProgram('busybox');
  if (path === undefined) throw new ImageError('UNAVAILABLE', 'this machine has no busybox to lend', { hint: HINT });
  await using file = await open(path);
  const read = async (offset: number, size: number) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, offset);
    return buffer.subarray(0, bytesRead);
  };
  const elf = await readElf(read, (await file.stat()).size);
  if (elf === undefined || elf.interp !== undefined) {
    throw new ImageError('UNAVAILABLE', `${path} is not a static program, and cannot be lent`, { hint: HINT });
  }
  await mkdir(directory, { recursive: true });
  await copyFile(path, join(directory, 'busybox'));
  const applets = (await output(path, ['--list'])).text.split('\n').filter((name) => /^[\w[.-]+$/.test(name));
  for (const name of applets) if (name !== 'busybox') await symlink('busybox', join(directory, name));
}

/** Fills the directory with the static programs of a root filesystem. @throws ImageError NOT_FOUND where it has no shell */
export async function toolsOfRoot(files: Files, reference: string, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  /** Physical path in the root → name in the directory; undefined for what is no static program. */
  const copied = new Map<string, string | undefined>();
  const taken = new Set<string>();
  for (const from of PROGRAM_DIRECTORIES) {
    for (const name of await namesIn(files, from)) {
      const found = await files.resolve(`${from}/${name}`);
      if (found.kind !== 'found' || found.node.kind !== 'file' || taken.has(name)) continue;
      if (!copied.has(found.path)) copied.set(found.path, await copyProgram(files, found.path, found.node, directory));
      const program = copied.get(found.path);
      if (program === undefined) continue;
      if (program !== name && !taken.has(name)) await symlink(program, join(directory, name));
      taken.add(name);
      taken.add(program);
    }
  }
  if (!taken.has('sh')) {
    throw new ImageError('NOT_FOUND', `${reference} has no static shell to lend`, { hint: HINT });
  }
}

async function namesIn(files: Files, path: string): Promise<readonly string[]> {
  const found = await files.resolve(path);
  return found.kind === 'found' ? ((await files.list(found.path)) ?? []) : [];
}

async function copyProgram(files: Files, path: string, node: FileNode, directory: string): Promise<string | undefined> {
  const elf = await readElf((offset, size) => files.read(node, { offset, size }), node.content.size);
  if (elf === undefined || elf.interp !== undefined || elf.type === 1) return undefined;
  const name = basename(path);
  await writeFile(join(directory, name), await files.read(node));
  await chmod(join(directory, name), 0o755);
  return name;
}
