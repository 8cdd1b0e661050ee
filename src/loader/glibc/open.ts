/** Opening one candidate: `open_verify` of glibc's dl-load.c. @module */
import type { Elf } from '../../formats/elf/types.ts';
import type { Opened } from '../opened.ts';
import { verifyHeader } from '../verify.ts';
import { absolutePath, LoaderFailure, type Setting } from './process.ts';

const NT_GNU_ABI_TAG = 1;
const OS_LINUX = 0;

export type Attempt =
  | { readonly kind: 'opened'; readonly file: Opened }
  /** `stops`: the error is another than ENOENT or EACCES, so that a list of directories is not searched on. */
  | { readonly kind: 'absent'; readonly stops: boolean }
  | { readonly kind: 'passed'; readonly why: string; readonly otherClass: boolean };

/** @throws LoaderFailure where the file is there and ends the loader */
export async function openObject(setting: Setting, path: string): Promise<Attempt> {
  if (path === '') return { kind: 'absent', stops: false };
  const found = await setting.cache.find(absolutePath(setting, path));
  if (found.kind === 'missing') return { kind: 'absent', stops: found.why !== 'absent' };
  if (found.kind === 'other') {
    const why = found.node.kind === 'dir' ? 'cannot read file data: Is a directory' : 'file too short';
    throw new LoaderFailure(path, why);
  }
  const { head, elf } = await setting.cache.binary(found.node);
  const verdict = verifyHeader(head, setting.interpreter);
  if (verdict.kind === 'fatal') throw new LoaderFailure(path, verdict.why);
  if (verdict.kind === 'passed') return verdict;
  if (elf === undefined) throw new LoaderFailure(path, 'cannot read file data');
  if (setting.interpreter.checksAbiTag && forOtherSystem(elf))
    return { kind: 'passed', why: 'for another operating system', otherClass: false };
  const { realPath, hops, node } = found;
  return { kind: 'opened', file: { path, realPath, hops, head, elf, identity: node.link ?? realPath } };
}

/** .note.ABI-tag of another system than Linux. */
function forOtherSystem(elf: Elf): boolean {
  const note = elf.notes.find(
    ({ owner, type, desc }) => owner === 'GNU' && type === NT_GNU_ABI_TAG && desc.length >= 16,
  );
  if (note === undefined) return false;
  return new DataView(note.desc.buffer, note.desc.byteOffset).getUint32(0, elf.endian === 'little') !== OS_LINUX;
}
