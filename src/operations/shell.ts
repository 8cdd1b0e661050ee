/** Finding the small shell that `--shell` names. @module */
import { resolve } from 'node:path';
import { ImageError } from '../base/errors.ts';
import { basename, dirname } from '../base/path.ts';
import type { FileNode } from '../model/node.ts';
import type { Root } from '../ports/root.ts';
import { DEFAULT_PATH } from '../rules/facts.ts';
import { findProgram } from '../rules/programs.ts';
import { type Access, openRoot } from '../sources.ts';
import type { ShellKind, ShellProgram } from '../transforms/pack/types.ts';

const KINDS: readonly ShellKind[] = ['busybox', 'dash', 'toybox'];

/** As their projects state them; SPDX expressions. */
export const SHELL_LICENCE: Readonly<Record<ShellKind, string>> = {
  busybox: 'GPL-2.0-only',
  dash: 'BSD-3-Clause',
  toybox: '0BSD',
};

/**
 * `KIND`: the source's own, else this machine's; `KIND=PATH`: a file of this machine; `KIND=REF`: of another root. What is
 * opened is put on the stack.
 * @throws ImageError USAGE, NOT_FOUND
 */
export async function findShell(
  text: string,
  source: Root,
  access: Access,
  stack: AsyncDisposableStack,
): Promise<ShellProgram> {
  const [, name = '', place] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
  const kind = KINDS.find((one) => one === name);
  if (kind === undefined) {
    throw new ImageError('USAGE', `--shell ${text}: there is no such shell`, { hint: `choose ${KINDS.join(', ')}` });
  }
  if (place !== undefined && /^\.{0,2}\//.test(place)) return localFile(kind, resolve(place), access, stack);
  const own = place === undefined ? await inRoot(source, kind) : undefined;
  if (own !== undefined) return { kind, ...own, fromSource: true };
  const other = stack.use(await openRoot(place ?? 'host:', access));
  const found = await inRoot(other, kind);
  if (found !== undefined) return { kind, path: `/bin/${kind}`, node: found.node, fromSource: false };
  const where = place === undefined ? 'neither the source nor this machine has' : `${place} does not have`;
  throw new ImageError('NOT_FOUND', `${where} ${kind}`, {
    hint: `install it (Debian: ${kind === 'busybox' ? 'busybox-static' : kind}), or name one: --shell ${kind}=PATH`,
  });
}

async function inRoot({ files }: Root, kind: ShellKind): Promise<{ path: string; node: FileNode } | undefined> {
  const found = await findProgram(files, kind, { path: DEFAULT_PATH });
  return found.found ? { path: found.path, node: found.node } : undefined;
}

async function localFile(kind: ShellKind, path: string, access: Access, stack: AsyncDisposableStack) {
  const { files } = stack.use(await openRoot(`rootfs:${dirname(path)}`, access));
  const found = await files.resolve(basename(path));
  if (found.kind === 'missing' || found.node.kind !== 'file') {
    throw new ImageError('NOT_FOUND', `--shell ${kind}=${path}: there is no such file`);
  }
  const node = { ...found.node, meta: { mode: 0o755, uid: 0, gid: 0 } };
  return { kind, path: `/bin/${kind}`, node, fromSource: false };
}
