import { parseApkDatabase } from '../../src/rules/packages/apk.ts';

export const apkDatabase = {
  name: 'apk-db',
  run(bytes: Uint8Array): void {
    parseApkDatabase(Buffer.from(bytes), 'input');
  },
  seeds(): Uint8Array[] {
    return [
      'P:a\nV:1-r0\nA:x86_64\nL:MIT\no:src\nD:so:libc.so>=1 !b cmd:sh\np:so:a.so=1\nF:\nF:usr\nF:usr/lib\nR:a.so\na:0:0:755\nZ:Q1x=\n\nP:b\nV:2\n\n',
    ].map((text) => Buffer.from(text));
  },
};
