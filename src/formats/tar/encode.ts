/**
 * Writing tar headers, always the same bytes for the same entry: a ustar header where everything fits into one, else a PAX
 * extended header in front of it that holds what does not (`docs/layer-format.md` says exactly when).
 * @module
 */
import { encodeName } from '../../base/names.ts';
import { BLOCK, FIELD, type Field } from './header.ts';
import { fitsOctal, writeOctal } from './numbers.ts';
import { formatTime } from './pax.ts';
import { encodePax, type PaxRecord } from './pax-encode.ts';
import { xattrKey } from './xattrs.ts';

/** What a header says of an entry. Names are in the form of `base/names.ts` and hold no NUL. */
export interface HeaderFields {
  readonly kind: 'file' | 'dir' | 'symlink' | 'hardlink' | 'char' | 'block' | 'fifo';
  /** As it is to be written: relative, and with a `/` behind a directory's. */
  readonly name: string;
  /** Target of a link. */
  readonly linkname?: string | undefined;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes that follow, before padding. */
  readonly size: number;
  readonly mtime: number;
  readonly mtimeNs: number;
  readonly major?: number | undefined;
  readonly minor?: number | undefined;
  readonly xattrs?: ReadonlyMap<string, Uint8Array> | undefined;
}

const TYPEFLAGS = { file: '0', hardlink: '1', symlink: '2', char: '3', block: '4', dir: '5', fifo: '6' } as const;
const MAGIC = Buffer.from('ustar\x0000', 'latin1');

/** Two blocks of zeros: the end of an archive. */
export const END_OF_ARCHIVE: Uint8Array = new Uint8Array(2 * BLOCK);

/** The header blocks that go before the entry's body. */
export function encodeHeader(fields: HeaderFields): Buffer {
  const names = placeNames(fields);
  const records = paxRecords(fields, names);
  const block = Buffer.alloc(BLOCK);
  writeNames(block, names);
  writeBlock(block, TYPEFLAGS[fields.kind], fields);
  if (records.length === 0) return block;
  const body = encodePax(records);
  const extended = Buffer.alloc(BLOCK);
  extended.write('PaxHeader', 'latin1');
  writeBlock(extended, 'x', { mode: 0o644, uid: 0, gid: 0, size: body.length, mtime: 0 });
  return Buffer.concat([extended, body, Buffer.alloc(paddingOf(body.length)), block]);
}

/** The length of what {@link encodeHeader} gives. */
export function headerSize(fields: HeaderFields): number {
  const records = paxRecords(fields, placeNames(fields));
  if (records.length === 0) return BLOCK;
  const body = encodePax(records).length;
  return 2 * BLOCK + body + paddingOf(body);
}

/** How many zeros follow a body of that size. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** The names as bytes, and where the first is cut. */
interface Names {
  readonly name: Buffer;
  /** Where the name is cut into prefix and name: 0 for not at all, −1 where it does not fit. */
  readonly cut: number;
  readonly linkname: Buffer | undefined;
}

function placeNames({ name, linkname }: HeaderFields): Names {
  const bytes = encodeName(name);
  const link = linkname === undefined || linkname === '' ? undefined : encodeName(linkname);
  return { name: bytes, cut: cutOf(bytes), linkname: link };
}

/** At the first slash that leaves a name of at most 100 bytes, so that the prefix is as short as can be. */
function cutOf(name: Buffer): number {
  const [, width] = FIELD.name;
  if (name.length <= width) return 0;
  const cut = name.indexOf('/', name.length - width - 1);
  return cut > 0 && cut <= FIELD.prefix[1] && cut < name.length - 1 ? cut : -1;
}

/** As much of each as fits: what does not is in a PAX record. */
function writeNames(block: Buffer, { name, cut, linkname }: Names): void {
  if (cut > 0) {
    name.copy(block, FIELD.prefix[0], 0, cut);
    name.copy(block, FIELD.name[0], cut + 1);
  } else {
    name.copy(block, FIELD.name[0], 0, FIELD.name[1]);
  }
  linkname?.copy(block, FIELD.linkname[0], 0, FIELD.linkname[1]);
}

function paxRecords(fields: HeaderFields, { cut, linkname }: Names): readonly PaxRecord[] {
  const records: PaxRecord[] = [];
  const number = (key: string, value: number, field: Field) => {
    if (!fitsOctal(value, field[1])) records.push([key, String(value)]);
  };
  if (fields.xattrs !== undefined) {
    for (const [name, value] of fields.xattrs) records.push([xattrKey(name), value]);
  }
  number('SCHILY.devmajor', fields.major ?? 0, FIELD.devmajor);
  number('SCHILY.devminor', fields.minor ?? 0, FIELD.devminor);
  number('gid', fields.gid, FIELD.gid);
  number('uid', fields.uid, FIELD.uid);
  number('size', fields.size, FIELD.size);
  if (cut < 0) records.push(['path', fields.name]);
  if (linkname !== undefined && linkname.length > FIELD.linkname[1]) records.push(['linkpath', fields.linkname ?? '']);
  if (fields.mtimeNs !== 0 || !fitsOctal(fields.mtime, FIELD.mtime[1])) {
    records.push(['mtime', formatTime({ seconds: fields.mtime, nanoseconds: fields.mtimeNs })]);
  }
  return records.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** All but the names, and the checksum over everything. */
function writeBlock(
  block: Buffer,
  typeflag: string,
  fields: Pick<HeaderFields, 'mode' | 'uid' | 'gid' | 'size' | 'mtime' | 'major' | 'minor'>,
): void {
  writeNumber(block, FIELD.mode, fields.mode & 0o7777);
  writeNumber(block, FIELD.uid, fields.uid);
  writeNumber(block, FIELD.gid, fields.gid);
  writeNumber(block, FIELD.size, fields.size);
  writeNumber(block, FIELD.mtime, fields.mtime);
  block[FIELD.typeflag[0]] = typeflag.charCodeAt(0);
  MAGIC.copy(block, FIELD.magic[0]);
  writeNumber(block, FIELD.devmajor, fields.major ?? 0);
  writeNumber(block, FIELD.devminor, fields.minor ?? 0);
  const [checksum, width] = FIELD.checksum;
  let sum = width * SPACE;
  for (let i = 0; i < BLOCK; i++) sum += block[i] as number;
  writeOctal(block, checksum, width - 1, sum);
  block[checksum + width - 1] = SPACE;
}

const SPACE = 0x20;

/** A number that does not fit is written as 0: a PAX record holds it. */
function writeNumber(block: Buffer, field: Field, value: number): void {
  writeOctal(block, field[0], field[1], fitsOctal(value, field[1]) ? value : 0);
}
