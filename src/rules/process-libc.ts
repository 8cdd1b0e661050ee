/** Which C library a kept file runs with, and how new it is. @module */
import type { Elf } from '../formats/elf/types.ts';
import type { Libc } from '../loader/types.ts';
import type { Facts, Subject } from './rule.ts';

export interface ProcessLibc {
  readonly libc: Libc;
  /** `2.36`; undefined where it cannot be told, as for static programs. */
  readonly version: string | undefined;
  /** Physical path of the C library's file; of a static program, the program itself. */
  readonly path: string | undefined;
  readonly linked: 'dynamic' | 'static';
}

/** A shared C library, or a dynamic loader: it implements what others call, and calls none of it for itself. */
const LIBC_FILE = /^(?:libc|ld|ld64|ld-linux|ld-musl|libc\.musl)[-.].*so/;

/** Undefined for files that are no ELF file or whose loading is not known. */
export async function processLibc(subject: Subject, facts: Facts): Promise<ProcessLibc | undefined> {
  const { elf, loaded } = subject;
  if (elf === undefined) return undefined;
  if (isStatic(subject)) {
    const libc = await staticLibc(subject, elf, facts);
    return { libc, version: undefined, path: subject.path, linked: 'static' };
  }
  if (loaded === undefined) return undefined;
  const object = loaded.objects.find(({ name }) =>
    /^libc(?:\.musl-.*)?\.so/.test(name.slice(name.lastIndexOf('/') + 1)),
  );
  const { libc, libcVersion } = loaded;
  return { libc, version: libcVersion, path: object?.realPath, linked: 'dynamic' };
}

/** A program without interpreter and without libraries; a PIE may have a dynamic section all the same. */
export function isStatic({ elf, use }: Subject): boolean {
  if (elf === undefined || use !== 'program') return false;
  return elf.interp === undefined && (elf.dynamic?.needed.length ?? 0) === 0;
}

/** Whether the file is the C library or the dynamic loader of its process. */
export function isLibcItself({ path, elf, use }: Subject): boolean {
  const name = elf?.dynamic?.soname ?? path.slice(path.lastIndexOf('/') + 1);
  return use !== 'program' && LIBC_FILE.test(name);
}

/** The newest `GLIBC_x.y` that a C library defines; undefined for other files. */
export function glibcVersion(elf: Elf): string | undefined {
  let newest: [number, number] | undefined;
  for (const name of elf.dynamic?.versionsDefined ?? []) {
    const [, major, minor] = /^GLIBC_(\d+)\.(\d+)/.exec(name) ?? [];
    if (major === undefined || minor === undefined) continue;
    const version: [number, number] = [Number(major), Number(minor)];
    if (newest === undefined || version[0] > newest[0] || (version[0] === newest[0] && version[1] > newest[1])) {
      newest = version;
    }
  }
  return newest?.join('.');
}

const NT_GNU_ABI_TAG = 1;

/** glibc's start files carry a note (`.note.ABI-tag`); musl's and Go's do not. */
async function staticLibc({ path }: Subject, elf: Elf, facts: Facts): Promise<Libc> {
  if (elf.notes.some(({ owner, type }) => owner === 'GNU' && type === NT_GNU_ABI_TAG)) return 'glibc';
  const found = await facts.mentions(path, ['/etc/nsswitch.conf', 'GLIBC_TUNABLES']);
  return found.has('GLIBC_TUNABLES') ? 'glibc' : 'unknown';
}
