import { type CacheEntry, readCacheFile, writeCacheFile } from '../../src/loader/cache-file.ts';

const ENTRIES: readonly CacheEntry[] = [
  { name: 'libx.so.10', path: '/opt/libx.so.10', flags: 0x303 },
  { name: 'libx.so.9', path: '/opt/other', flags: 0x303, hwcap: 1n << 63n },
  { name: 'liby.so', path: '/opt/glibc-hwcaps/x86-64-v3/liby.so', flags: 0x303, level: 'x86-64-v3', isaLevel: 2 },
];

/** The form that came before, alone: 12 bytes an entry behind 16. */
function oldForm(): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.write('ld.so-1.7.0');
  bytes.writeUInt32LE(1, 12);
  bytes.writeInt32LE(3, 16);
  bytes.writeUInt32LE(7, 24);
  return Buffer.concat([bytes, Buffer.from('libx.so\0/libx.so\0')]);
}

export const ldSoCache = {
  name: 'ld.so.cache',
  run(bytes: Uint8Array): void {
    for (const endian of ['little', 'big'] as const) {
      const entries = readCacheFile(bytes, endian);
      if (entries !== undefined) writeCacheFile(entries, endian);
    }
  },
  seeds(): Uint8Array[] {
    const compat = Buffer.concat([oldForm().subarray(0, 28), Buffer.alloc(4), writeCacheFile(ENTRIES, 'little')]);
    return [writeCacheFile(ENTRIES, 'little'), writeCacheFile(ENTRIES, 'big'), oldForm(), compat];
  },
};
