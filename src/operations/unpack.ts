/** Writing a root filesystem into a directory, as the user who will run a program on it. @module */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ImageError } from '../base/errors.ts';
import type { Root } from '../ports/root.ts';
import { namespaceFailure } from '../sandbox/failure.ts';
import { asNamespaceRoot, standing } from '../sandbox/namespace.ts';
import type { Access } from '../sources.ts';
import { writeRootDirectory } from '../transports/rootfs/sink.ts';

/** A command line that unpacks, with a reference and a directory behind it: pare itself. */
export type UnpackCommand = readonly string[];

/**
 * As an ordinary user in a user namespace, which a process of its own has to enter: only there can files belong to others.
 * @param directory made; its parent is there
 */
export async function unpackRoot(root: Root, directory: string, command: UnpackCommand, access: Access): Promise<void> {
  const who = standing();
  if (who !== 'user') return writeRootDirectory(await root.tree(), directory, access.run);
  if (/^[a-z-]+:-/.test(root.reference)) {
    throw new ImageError(
      'UNSUPPORTED',
      `${root.reference} can be read once, and an ordinary user's run reads it twice`,
      {
        hint: `keep it first: pare copy ${root.reference} NAME; then pare run NAME`,
      },
    );
  }
  const { os, architecture, variant } = access.platform ?? {};
  const platform = os === undefined ? [] : ['--platform', [os, architecture, variant].filter(Boolean).join('/')];
  const words = [...asNamespaceRoot(who), ...command, root.reference, directory, ...platform];
  const { signal } = access.run ?? {};
  const child = spawn(words[0] as string, words.slice(1), { stdio: ['ignore', 'ignore', 'pipe'], signal });
  let said = '';
  child.stderr.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  const [status] = await once(child, 'close');
  if (status !== 0) throw namespaceFailure(`cannot unpack ${root.reference}`, said.trim(), who);
}
