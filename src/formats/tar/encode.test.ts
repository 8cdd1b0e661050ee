import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentsOf, PLAIN, scanAll, streamAll } from '../../../test/tar.ts';
import { decodeName } from '../../base/names.ts';
import { END_OF_ARCHIVE, encodeHeader, type HeaderFields, paddingOf } from './encode.ts';
import { BLOCK } from './header.ts';

const KINDS = ['file', 'dir', 'symlink', 'hardlink', 'char', 'block', 'fifo'] as const;

/** Names of any bytes but NUL, of lengths around those of the header's fields. */
const names = fc
  .tuple(
    fc.array(fc.oneof(fc.constantFrom(0x2f, 0x61, 0x20), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 30,
    }),
    fc.constantFrom(0, 60, 98, 99, 100, 101, 150, 155, 156, 250, 256, 300),
  )
  .map(([bytes, length]) => decodeName(Uint8Array.from([...Array(length).fill(0x62), ...bytes])));

const fields = fc.record({
  kind: fc.constantFrom(...KINDS),
  name: fc.oneof(
    names,
    fc.array(names, { minLength: 2, maxLength: 3 }).map((parts) => parts.join('/')),
  ),
  linkname: names,
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.oneof(fc.nat(), fc.constantFrom(2_097_151, 2_097_152, 4_294_967_294)),
  gid: fc.oneof(fc.nat(), fc.constantFrom(2_097_151, 2_097_152, 4_294_967_294)),
  mtime: fc.oneof(fc.integer(), fc.constantFrom(-1, 0, 8 ** 11 - 1, 8 ** 11)),
  mtimeNs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999_999 })),
  major: fc.oneof(fc.nat(5000), fc.constantFrom(8 ** 7 - 1, 8 ** 7)),
  minor: fc.oneof(fc.nat(5000), fc.constantFrom(4_294_967_295)),
  xattrs: fc.option(
    fc
      .uniqueArray(fc.tuple(fc.constantFrom('user.a', 'user.b=%3D', 'security.capability'), fc.uint8Array()), {
        minLength: 1,
        selector: ([name]) => name,
      })
      .map((pairs) => new Map(pairs)),
    { nil: undefined },
  ),
  body: fc.uint8Array({ maxLength: 1500 }),
});

describe('headers written', () => {
  it('read back as they were', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fields, { maxLength: 4 }), async (list) => {
        const members = list.map(({ body, ...header }) => {
          const content = header.kind === 'file' ? body : new Uint8Array(0);
          return { ...header, content, size: content.length };
        });
        const bytes = Buffer.concat([
          ...members.flatMap((member) => [
            encodeHeader(member as HeaderFields),
            member.content,
            Buffer.alloc(paddingOf(member.size)),
          ]),
          END_OF_ARCHIVE,
        ]);
        const entries = await scanAll(bytes);
        expect(streamAll(bytes, 333)).toEqual(entries);
        expect(entries.length).toBe(members.length);
        for (const [i, { content, xattrs, ...wanted }] of members.entries()) {
          const entry = entries[i]!;
          expect(entry).toMatchObject(wanted);
          expect(contentsOf(bytes, entry).equals(content)).toBe(true);
          const plain = [...(entry.xattrs ?? [])].map(([name, value]) => [name, Uint8Array.from(value)]);
          expect(plain).toEqual([...(xattrs ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)));
        }
      }),
      { numRuns: 300 },
    );
  });

  const blocks = (header: Partial<HeaderFields>) =>
    encodeHeader({ ...PLAIN, kind: 'file', name: 'n', ...header }).length / BLOCK;

  it.each([
    ['a plain file', {}],
    ['a name of 100 bytes', { name: 'n'.repeat(100) }],
    ['a name that can be split', { name: `${'p'.repeat(155)}/${'n'.repeat(100)}` }],
    ['a name that is no ASCII', { name: 'Köln \udcff' }],
    ['the largest numbers', { uid: 2_097_151, gid: 2_097_151, size: 8 ** 11 - 1, mtime: 8 ** 11 - 1 }],
    ['a link to 100 bytes', { kind: 'symlink', linkname: 't'.repeat(100) }],
  ] as const)('are one block for %s', (_, header) => expect(blocks(header)).toBe(1));

  it.each([
    ['a name of 101 bytes without a slash', { name: 'n'.repeat(101) }],
    ['a name with a prefix of 156 bytes', { name: `${'p'.repeat(156)}/${'n'.repeat(100)}` }],
    ['a long directory', { name: `${'d'.repeat(120)}/` }],
    ['a link to 101 bytes', { kind: 'symlink', linkname: 't'.repeat(101) }],
    ['nanoseconds', { mtimeNs: 1 }],
    ['a time before 1970', { mtime: -1 }],
    ['a large owner', { uid: 2_097_152 }],
    ['a large size', { size: 8 ** 11 }],
    ['an attribute', { xattrs: new Map([['user.a', new Uint8Array(0)]]) }],
    ['a large device number', { kind: 'char', major: 1, minor: 8 ** 7 }],
  ] as const)('have PAX records for %s', (_, header) => expect(blocks(header)).toBe(3));

  it('are these bytes', () => {
    const bytes = encodeHeader({
      ...PLAIN,
      kind: 'file',
      name: 'usr/bin/app',
      mode: 0o755,
      size: 5,
      mtime: 1_700_000_000,
      mtimeNs: 500_000_000,
      uid: 3_000_000_000,
      xattrs: new Map([
        ['user.b', Buffer.from('2')],
        ['security.capability', Uint8Array.of(0, 10)],
      ]),
    });
    const shown = (from: number) =>
      bytes
        .toString('latin1', from, from + BLOCK)
        .replace(/\0{9,}/g, (zeros) => `<${zeros.length}>`)
        .replace(/\0/g, '.');
    expect(bytes.length).toBe(3 * BLOCK);
    expect(shown(0)).toBe(
      'PaxHeader<91>0000644.0000000.0000000.00000000150.00000000000.011075. x<100>ustar.00<64>0000000.0000000<168>',
    );
    expect(shown(BLOCK)).toBe(
      '39 SCHILY.xattr.security.capability=.\n\n25 SCHILY.xattr.user.b=2\n22 mtime=1700000000.5\n18 uid=3000000000\n<408>',
    );
    expect(shown(2 * BLOCK)).toBe(
      'usr/bin/app<89>0000755.0000000.0000000.00000000005.14524770400.011331. 0<100>ustar.00<64>0000000.0000000<168>',
    );
  });
});
