/** Which platform a root filesystem without a config is for, told from programs that nearly every one has. @module */
import { readElf } from '../formats/elf/read.ts';
import type { Platform } from '../formats/oci/types.ts';
import { platformOfElf } from '../model/elf-platform.ts';
import type { Files } from './files.ts';

/** Shells first: they are there in a full system, in busybox's, and in most that were packed. */
const WITNESSES = [
  '/bin/sh',
  '/usr/bin/env',
  '/bin/busybox',
  '/sbin/init',
  '/sbin/ldconfig',
  '/bin/true',
  '/usr/bin/dpkg',
  '/sbin/apk',
];

/** Undefined where none of the usual programs is there. */
export async function rootPlatform(files: Files): Promise<Platform | undefined> {
  for (const path of WITNESSES) {
    const found = await files.resolve(path);
    if (found.kind !== 'found' || found.node.kind !== 'file') continue;
    const { node } = found;
    const elf = await readElf((offset, size) => files.read(node, { offset, size }), node.content.size);
    const platform = elf === undefined ? undefined : platformOfElf(elf);
    if (platform !== undefined) return platform;
  }
  return undefined;
}
