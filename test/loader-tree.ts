/** Small roots with loaders in them, for testing the loader model without programs. @module */
import type { Files } from '../src/ports/files.ts';
import { treeFiles } from '../src/ports/tree-files.ts';
import { type ElfSketch, elfFile } from './elf.ts';
import { treeOf } from './images.ts';

export const LD_SO = '/lib64/ld-linux-x86-64.so.2';
export const LD_MUSL = '/lib/ld-musl-x86_64.so.1';

/** What glibc's loader has among its strings. */
export const GLIBC_TEXT = [
  '/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0/usr/lib/',
  'lib/x86_64-linux-gnu',
  'x86-64-v4:x86-64-v3:x86-64-v2',
  '/etc/ld.so.cache',
  'ld.so (Debian GLIBC 2.41-12) stable release version 2.41.\n',
].join('\0');

export const GLIBC_LOADER: ElfSketch = {
  soname: 'ld-linux-x86-64.so.2',
  defines: ['GLIBC_2.2.5', 'GLIBC_PRIVATE'],
  text: GLIBC_TEXT,
};

/** musl's loader is its libc. */
export const MUSL_LOADER: ElfSketch = {
  text: 'musl libc (x86_64)\n\x001.2.5',
  exports: ['__libc_start_main', 'stdin'],
};

/** Path → an ELF file, a text, or bytes. */
export type Sketches = Readonly<Record<string, ElfSketch | string | Uint8Array>>;

/** A root with glibc's loader in it; a sketch takes its place where it names the same path. */
export function glibcRoot(sketches: Sketches): Files {
  return rootOf({ [LD_SO]: GLIBC_LOADER, ...sketches });
}

export function muslRoot(sketches: Sketches): Files {
  return rootOf({ [LD_MUSL]: MUSL_LOADER, ...sketches });
}

export function rootOf(sketches: Sketches): Files {
  const contents = Object.entries(sketches).map(([path, sketch]) => {
    const isBytes = typeof sketch === 'string' || sketch instanceof Uint8Array;
    return [path, isBytes ? sketch : elfFile(sketch)] as const;
  });
  return treeFiles(treeOf(Object.fromEntries(contents)));
}

/** A program for one of them. */
export function program(sketch: ElfSketch = {}, interp = LD_SO): ElfSketch {
  return { interp, ...sketch };
}
