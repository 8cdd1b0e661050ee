/**
 * ELF files made by code: of either class and byte order, mapped as one segment whose addresses are file offsets, without
 * machine code. What is not said is left out.
 * @module
 */

export interface ElfSketch {
  readonly bits?: 32 | 64;
  readonly endian?: 'little' | 'big';
  /** Default 62, x86-64. */
  readonly machine?: number;
  /** Default 3, a shared object or position-independent program. */
  readonly type?: number;
  readonly flags?: number;
  readonly interp?: string;
  /** Default true: false makes a static program. */
  readonly dynamic?: boolean;
  readonly soname?: string;
  readonly needed?: readonly string[];
  readonly rpath?: string;
  readonly runpath?: string;
  readonly filter?: string;
  readonly auxiliary?: string;
  readonly audit?: string;
  readonly flags1?: number;
  /** File → versions; a `?` at the end makes one weak. */
  readonly wants?: Readonly<Record<string, readonly string[]>>;
  readonly defines?: readonly string[];
  readonly imports?: readonly string[];
  readonly exports?: readonly string[];
  readonly notes?: readonly { readonly owner: string; readonly type: number; readonly desc: string | Uint8Array }[];
  /** Text anywhere in the file. */
  readonly text?: string;
  /** Section headers: .dynsym, .dynstr and the names. */
  readonly sections?: boolean;
}

const TAG = {
  needed: 1,
  hash: 4,
  strtab: 5,
  symtab: 6,
  strsz: 10,
  soname: 14,
  rpath: 15,
  runpath: 29,
  verdef: 0x6ffffffc,
  verneed: 0x6ffffffe,
  flags1: 0x6ffffffb,
  audit: 0x6ffffefc,
  auxiliary: 0x7ffffffd,
  filter: 0x7fffffff,
};

export function elfFile(sketch: ElfSketch = {}): Buffer {
  const { bits = 64, endian = 'little', machine = 62, type = 3, flags = 0, dynamic = true } = sketch;
  const wide = bits === 64;
  const little = endian === 'little';
  const put = (width: number) => (value: number) => {
    const bytes = Buffer.alloc(width);
    if (width === 8) little ? bytes.writeBigUInt64LE(BigInt(value)) : bytes.writeBigUInt64BE(BigInt(value));
    else if (width === 4) little ? bytes.writeUInt32LE(value >>> 0) : bytes.writeUInt32BE(value >>> 0);
    else if (width === 2) little ? bytes.writeUInt16LE(value) : bytes.writeUInt16BE(value);
    else bytes.writeUInt8(value);
    return bytes;
  };
  const [u8, u16, u32, word] = [put(1), put(2), put(4), put(bits / 8)];

  const headerSize = wide ? 64 : 52;
  const segmentSize = wide ? 56 : 32;
  const room = headerSize + 5 * segmentSize;
  const parts: Buffer[] = [Buffer.alloc(room)];
  let size = room;
  /** Appends at a multiple of eight. @returns where it is */
  const append = (bytes: Buffer) => {
    const pad = (8 - (size % 8)) % 8;
    parts.push(Buffer.alloc(pad), bytes);
    size += pad + bytes.length;
    return size - bytes.length;
  };

  const strings = [''];
  let stringsSize = 1;
  const string = (text: string) => {
    strings.push(text);
    stringsSize += Buffer.byteLength(text) + 1;
    return stringsSize - Buffer.byteLength(text) - 1;
  };

  const segments: { type: number; offset: number; size: number }[] = [];
  const interp = sketch.interp === undefined ? undefined : Buffer.from(`${sketch.interp}\0`);
  if (interp !== undefined) segments.push({ type: 3, offset: append(interp), size: interp.length });
  const notes = Buffer.concat(
    (sketch.notes ?? []).map(({ owner, type, desc }) => note(owner, type, Buffer.from(desc))),
  );
  if (notes.length > 0) segments.push({ type: 4, offset: append(notes), size: notes.length });
  if (sketch.text !== undefined) append(Buffer.from(`\0${sketch.text}\0`, 'latin1'));

  const symbols = [
    ...(sketch.imports ?? []).map((name) => symbol(name, 0)),
    ...(sketch.exports ?? []).map((name) => symbol(name, 1)),
  ];
  const entries: [tag: number, value: number][] = [];
  for (const name of sketch.needed ?? []) entries.push([TAG.needed, string(name)]);
  for (const key of ['soname', 'rpath', 'runpath', 'filter', 'auxiliary', 'audit'] as const) {
    const text = sketch[key];
    if (text !== undefined) entries.push([TAG[key], string(text)]);
  }
  if (sketch.flags1 !== undefined) entries.push([TAG.flags1, sketch.flags1]);
  if (sketch.wants !== undefined) entries.push([TAG.verneed, append(verneed(sketch.wants))]);
  if (sketch.defines !== undefined) entries.push([TAG.verdef, append(verdef(sketch.defines))]);
  const symtab = append(Buffer.concat([Buffer.alloc(wide ? 24 : 16), ...symbols]));
  const nchain = symbols.length + 1;
  const hashWord = wide && (machine === 22 || machine === 0x9026) ? word : u32;
  const hash = append(Buffer.concat([hashWord(1), hashWord(nchain), hashWord(0)]));
  const text = Buffer.from(`${strings.join('\0')}\0`);
  const strtab = append(text);
  entries.push([TAG.symtab, symtab], [TAG.hash, hash], [TAG.strtab, strtab], [TAG.strsz, text.length], [0, 0]);
  if (dynamic) {
    const table = Buffer.concat(entries.flatMap(([tag, value]) => [word(tag), word(value)]));
    segments.push({ type: 2, offset: append(table), size: table.length });
  }
  const sectionTable = sketch.sections === true ? appendSections() : 0;
  segments.unshift({ type: 1, offset: 0, size });

  const file = Buffer.concat(parts);
  const ident = Buffer.from([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const sections = sectionTable === 0 ? 0 : 4;
  const header = Buffer.concat([
    ...[ident, u16(type), u16(machine), u32(1), word(0), word(headerSize), word(sectionTable), u32(flags)],
    ...[headerSize, segmentSize, segments.length, wide ? 64 : 40, sections, sections === 0 ? 0 : 3].map(u16),
  ]);
  header.copy(file);
  Buffer.concat(segments.map(segment)).copy(file, headerSize);
  return file;

  function segment({ type, offset, size }: { type: number; offset: number; size: number }): Buffer {
    const place = [word(offset), word(offset), word(offset), word(size), word(size)];
    const align = word(type === 4 ? 4 : 8);
    return Buffer.concat(wide ? [u32(type), u32(4), ...place, align] : [u32(type), ...place, u32(4), align]);
  }

  function note(owner: string, type: number, desc: Buffer): Buffer {
    const pad = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
    const name = Buffer.from(`${owner}\0`);
    return Buffer.concat([u32(name.length), u32(desc.length), u32(type), pad(name), pad(desc)]);
  }

  function symbol(name: string, section: number): Buffer {
    const at = u32(string(name));
    const info = [u8(0x12), u8(0), u16(section)];
    return Buffer.concat(wide ? [at, ...info, word(0), word(0)] : [at, word(0), word(0), ...info]);
  }

  function verneed(wants: Readonly<Record<string, readonly string[]>>): Buffer {
    const files = Object.entries(wants);
    return Buffer.concat(
      files.flatMap(([file, versions], i) => [
        u16(1),
        u16(versions.length),
        u32(string(file)),
        u32(16),
        u32(i === files.length - 1 ? 0 : 16 + 16 * versions.length),
        ...versions.flatMap((version, k) => [
          u32(0),
          u16(version.endsWith('?') ? 2 : 0),
          u16(k + 2),
          u32(string(version.replace(/\?$/, ''))),
          u32(k === versions.length - 1 ? 0 : 16),
        ]),
      ]),
    );
  }

  function verdef(names: readonly string[]): Buffer {
    const all = [sketch.soname ?? 'base', ...names];
    return Buffer.concat(
      all.flatMap((name, i) => [
        ...[u16(1), u16(i === 0 ? 1 : 0), u16(i + 1), u16(1), u32(0), u32(20)],
        ...[u32(i === all.length - 1 ? 0 : 28), u32(string(name)), u32(0)],
      ]),
    );
  }

  function appendSections(): number {
    const names = ['', '.dynsym', '.dynstr', '.shstrtab'];
    const nameText = Buffer.from(`${names.join('\0')}\0`);
    const namesAt = append(nameText);
    const symbolSize = wide ? 24 : 16;
    const rows: [type: number, offset: number, size: number, link: number][] = [
      [0, 0, 0, 0],
      [11, symtab, symbolSize * nchain, 2],
      [3, strtab, text.length, 0],
      [3, namesAt, nameText.length, 0],
    ];
    const headers = rows.map(([type, offset, size, link], i) =>
      Buffer.concat([
        ...[u32(nameText.indexOf(`${names[i]}\0`)), u32(type), word(2), word(offset), word(offset), word(size)],
        ...[u32(link), u32(0), word(1), word(symbolSize)],
      ]),
    );
    return append(Buffer.concat(headers));
  }
}

/** A reader of bytes in memory. */
export function readerOf(bytes: Uint8Array): (offset: number, size: number) => Promise<Uint8Array> {
  return async (offset, size) => bytes.subarray(offset, offset + size);
}
