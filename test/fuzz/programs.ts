import { compileGlob } from '../../src/base/glob.ts';
import { readElf } from '../../src/formats/elf/read.ts';
import { goFunctionNames } from '../../src/formats/go/pclntab.ts';
import { parseEvidence } from '../../src/model/evidence-schema.ts';
import { accountLine } from '../../src/rules/closure/accounts.ts';
import { readHashBang } from '../../src/rules/closure/heads.ts';
import { busyboxApplets, toyboxApplets } from '../../src/transforms/pack/applets.ts';

export const pclntab = {
  name: 'pclntab',
  run(bytes: Uint8Array): void {
    goFunctionNames(bytes, 'little');
    goFunctionNames(bytes, 'big');
  },
  seeds(): Uint8Array[] {
    const table = Buffer.alloc(96);
    table.writeUInt32LE(0xfffffff1, 0);
    table[6] = 1;
    table[7] = 8;
    table.writeBigUInt64LE(1n, 8);
    table.writeBigUInt64LE(64n, 32);
    table.writeBigUInt64LE(96n, 40);
    table.write('main.main\0net.Dial\0', 64);
    const old = Buffer.from(table);
    old.writeUInt32LE(0xfffffffb, 0);
    return [table, old];
  },
};

/** One writable segment with an array of two entries as toybox has it, and the strings that it points to. */
function toyboxLike(): Buffer {
  const elf = Buffer.alloc(256);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(elf);
  elf.writeUInt16LE(2, 16);
  elf.writeUInt16LE(62, 18);
  elf.writeBigUInt64LE(64n, 32);
  elf.writeUInt16LE(56, 54);
  elf.writeUInt16LE(1, 56);
  elf.writeUInt32LE(1, 64);
  elf.writeUInt32LE(6, 68);
  elf.writeBigUInt64LE(256n, 96);
  elf.writeBigUInt64LE(256n, 104);
  elf.writeBigUInt64LE(240n, 120);
  elf.writeBigUInt64LE(248n, 152);
  elf.writeUInt32LE(3, 176);
  elf.write('toybox\0', 240);
  elf.write('ls\0', 248);
  return elf;
}

export const applets = {
  name: 'applets',
  async run(bytes: Uint8Array): Promise<void> {
    busyboxApplets(bytes);
    const elf = await readElf(async (offset, size) => bytes.subarray(offset, offset + size), bytes.length);
    if (elf !== undefined) toyboxApplets(bytes, elf);
  },
  seeds(): Uint8Array[] {
    return [Buffer.from('\0ash\0busybox\0cat\0'), toyboxLike()];
  },
};

export const scripts = {
  name: 'hash-bang',
  run(bytes: Uint8Array): void {
    readHashBang(bytes);
    accountLine(Buffer.from(bytes).toString('latin1'), '0');
  },
  seeds(): Uint8Array[] {
    return ['#!/bin/sh -e\nexit\n', '#! /usr/bin/env  -S  a=b python3 -I \n', 'root:x:0:0::/:/bin/sh\n'].map((text) =>
      Buffer.from(text),
    );
  },
};

export const globs = {
  name: 'glob',
  run(bytes: Uint8Array): void {
    compileGlob(Buffer.from(bytes.subarray(0, 64)).toString('latin1'))('/usr/lib/x86_64-linux-gnu/libc.so.6');
  },
  seeds(): Uint8Array[] {
    return ['/usr/**/*.{so,a}.[0-9]', '[!a-z]?\\*', '**/x/**'].map((text) => Buffer.from(text));
  },
};

export const evidence = {
  name: 'evidence',
  run(bytes: Uint8Array): void {
    parseEvidence(bytes);
  },
  seeds(): Uint8Array[] {
    const reason = { rule: 'loader', strength: 'required', because: 'is linked with it', from: '/a', as: '/b' };
    const lists = { args: [], add: [], exclude: [], with: [], without: [], env: [], volumes: [], expose: [] };
    const request = {
      programs: ['/a'],
      ...lists,
      suggested: false,
      cpu: 'baseline',
      platform: 'linux/amd64',
      labels: {},
    };
    const file = { path: '/a', kind: 'file', size: 1, sha256: 'x', strength: 'required', reasons: [reason] };
    const left = { path: '/x', why: 'denied', detail: 'why', reason };
    const document = { schemaVersion: 1, request, source: { platform: 'linux/amd64' }, packages: [], files: [file] };
    return [Buffer.from(JSON.stringify({ ...document, missing: [{ reason, tried: ['/y'] }], left: [left] }))];
  },
};
