/** `--shell`: one small program that brings a shell, and links for the commands that are built into it. @module */
import { ImageError } from '../../base/errors.ts';
import { readElf } from '../../formats/elf/read.ts';
import type { Elf } from '../../formats/elf/types.ts';
import type { Platform } from '../../formats/oci/types.ts';
import { platformOfElf } from '../../model/elf-platform.ts';
import type { SymlinkNode } from '../../model/node.ts';
import { formatPlatform } from '../../model/platform.ts';
import { readFileNode } from '../../ports/tree-files.ts';
import type { Seed } from '../../rules/closure/types.ts';
import { busyboxApplets, toyboxApplets } from './applets.ts';
import type { ShellKind, ShellProgram } from './types.ts';

export interface ShellSeeds {
  readonly seeds: readonly Seed[];
  readonly commands: readonly string[];
}

/** @throws ImageError UNSUPPORTED where the shell is for another machine, or needs libraries that do not come with it */
export async function shellSeeds(shell: ShellProgram, platform: Platform): Promise<ShellSeeds> {
  const bytes = await readFileNode(shell.node);
  const elf = await readElf(async (offset, size) => bytes.subarray(offset, offset + size), bytes.length);
  if (elf === undefined) throw new ImageError('INVALID', `${shell.path} is no program that could be a shell`);
  refuseForeign(shell, elf, platform);
  const commands = commandsOf(shell.kind, bytes, elf);
  if (commands.length === 0) {
    throw new ImageError('INVALID', `${shell.path} does not look like ${shell.kind}: it has no list of commands`);
  }
  const because = `is the shell that was asked for (--shell ${shell.kind})`;
  const program: Seed = {
    rule: 'shell',
    want: shell.fromSource
      ? { kind: 'path', path: shell.path, use: 'program' }
      : { kind: 'made', path: shell.path, node: shell.node },
    strength: 'required',
    because,
    named: true,
  };
  return { seeds: [program, ...commands.map((name) => commandLink(name, shell))], commands };
}

function refuseForeign({ path, kind, fromSource }: ShellProgram, elf: Elf, platform: Platform): void {
  const own = platformOfElf(elf);
  if (own?.architecture !== platform.architecture) {
    const machine = own === undefined ? 'another machine' : formatPlatform(own);
    throw new ImageError('UNSUPPORTED', `${path} is for ${machine}, and the image is for ${formatPlatform(platform)}`, {
      hint: `give one of the right kind: --shell ${kind}=PATH, or --shell ${kind}=REF`,
    });
  }
  if (fromSource || elf.interp === undefined) return;
  throw new ImageError('UNSUPPORTED', `${path} is linked dynamically, and its libraries are not in the source`, {
    hint: `give a static ${kind} (Debian: busybox-static), or take the programs from a root that has ${kind}`,
  });
}

function commandsOf(kind: ShellKind, bytes: Uint8Array, elf: Elf): string[] {
  switch (kind) {
    case 'busybox':
      return busyboxApplets(bytes).filter((name) => name !== 'busybox');
    case 'toybox':
      return toyboxApplets(bytes, elf);
    case 'dash':
      return ['sh'];
  }
}

const LINK_META = { mode: 0o777, uid: 0, gid: 0 };

function commandLink(name: string, { kind, path }: ShellProgram): Seed {
  const node: SymlinkNode = { kind: 'symlink', target: path, meta: LINK_META, mtime: 0, mtimeNs: 0, link: undefined };
  const want = { kind: 'made', path: `/bin/${name}`, node } as const;
  return { rule: 'shell', want, strength: 'required', because: `is a command of ${kind} (--shell ${kind})` };
}
