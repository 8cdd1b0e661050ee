/**
 * A tar file as a set of members that are read where they lie: how images in archives are looked into without unpacking.
 * @module
 */
import { ImageError } from '../base/errors.ts';
import { printableName } from '../base/names.ts';
import { cleanPath, dirname, joinPath } from '../base/path.ts';
import { TAR_LIMITS } from '../formats/tar/limits.ts';
import { scanTar } from '../formats/tar/scan.ts';
import type { Blob } from '../model/content.ts';
import type { Run } from '../ports/run.ts';
import { filled, type OpenFile, openFile } from './open-file.ts';

export interface Archive extends AsyncDisposable {
  /** For messages. */
  readonly path: string;
  /** Whether the members' blobs have a lasting identity. */
  readonly inPlace: boolean;
  /** A regular member by its name, links inside the archive followed; undefined where there is none. */
  member(name: string): Member | undefined;
}

export interface Member {
  readonly size: number;
  /** The member's bytes; offset 0 is its first. */
  readonly blob: Blob;
}

/** An image's archive has some members for each layer; a million would be an attack on memory. */
const LIMITS = { ...TAR_LIMITS, entries: 200_000 };

/** Links from member to member: docker save makes one step. */
const MAX_LINKS = 10;

type Found =
  | { readonly kind: 'file'; readonly offset: number; readonly size: number }
  | { readonly kind: 'link'; readonly to: string };

/** @param path of a tar file, compressed or not; `-` is standard input. @throws ImageError as `openFile`; INVALID */
export async function openArchive(path: string, run: Run = {}): Promise<Archive> {
  return archiveIn(await openFile(path, run), path === '-' ? 'standard input' : path);
}

/** The archive in a file that is open; closes it, also where it is none. @throws ImageError INVALID */
export async function archiveIn(opened: OpenFile, shown: string): Promise<Archive> {
  await using stack = new AsyncDisposableStack();
  const file = filled(stack.use(opened), shown);
  const members = await scanMembers(file, shown);
  const open = stack.move();
  return {
    path: shown,
    inPlace: file.inPlace,
    member: (name) => find(members, cleanPath(`/${name}`), file.blob),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

async function scanMembers(file: OpenFile, shown: string): Promise<ReadonlyMap<string, Found>> {
  const members = new Map<string, Found>();
  try {
    for await (const entry of scanTar(file.blob, file.size, { globals: 'ignore', limits: LIMITS })) {
      const path = cleanPath(`/${entry.name}`);
      if (entry.kind === 'file' && entry.extents === undefined) {
        members.set(path, { kind: 'file', offset: entry.body, size: entry.size });
      } else if (entry.kind === 'symlink') {
        members.set(path, { kind: 'link', to: joinPath(dirname(path), entry.linkname) });
      } else if (entry.kind === 'hardlink') members.set(path, { kind: 'link', to: cleanPath(`/${entry.linkname}`) });
    }
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new ImageError(error.code, `${shown} is no archive of an image: ${error.message}`, { cause: error });
  }
  return members;
}

function find(members: ReadonlyMap<string, Found>, name: string, whole: Blob): Member | undefined {
  let found = members.get(name);
  for (let links = 0; found?.kind === 'link' && links < MAX_LINKS; links++) found = members.get(found.to);
  if (found?.kind === 'link') throw new ImageError('INVALID', `the member ${printableName(name)} is a loop of links`);
  if (found === undefined) return undefined;
  const { offset, size } = found;
  const blob: Blob = {
    id: `${whole.id}@${offset}+${size}`,
    read: (at, length) => whole.read(offset + at, length),
    stream: (at, length) => whole.stream(offset + at, length),
    ...(whole.file && { file: { path: whole.file.path, offset: whole.file.offset + offset } }),
  };
  return { size, blob };
}

/** A member as a whole. @throws ImageError LIMIT */
export async function readMember(member: Member, limit: number, what: string): Promise<Uint8Array> {
  if (member.size > limit) {
    throw new ImageError('LIMIT', `${what} has ${member.size} bytes; more than ${limit} are not read`);
  }
  return member.blob.read(0, member.size);
}
