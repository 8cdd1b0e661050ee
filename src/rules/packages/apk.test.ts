import { describe, expect, test } from 'vitest';
import { world } from '../testing.ts';
import { openPackages } from './open.ts';

/** In the order and with the keys that apk 2.14 writes. */
const INSTALLED = `C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=
P:libssl3
V:3.1.4-r5
A:x86_64
S:247
I:589824
T:SSL shared libraries
U:https://www.openssl.org/
L:Apache-2.0
o:openssl
m:A <a@example.org>
t:1
c:b784a22cad0c452586b438cb7a597d846fc09ff4
D:so:libc.musl-x86_64.so.1 so:libcrypto.so.3 !other
p:so:libssl.so.3=3
r:libssl1.1
F:lib
R:libssl.so.3
a:0:0:755
Z:Q1mQ9Y+nkhGGFVvDbNRFlBdz4HGKo=
F:usr
F:usr/lib
R:libssl.so.3
a:0:0:777

P:libcrypto3
V:3.1.4-r5
A:x86_64
L:Apache-2.0
o:openssl
p:so:libcrypto.so.3=3
F:etc
F:etc/ssl
R:openssl.cnf

P:musl
V:1.2.4_git20230717-r4
A:x86_64
L:MIT
o:musl
p:so:libc.musl-x86_64.so.1=1
F:lib
R:ld-musl-x86_64.so.1

P:app
V:1-r0
A:x86_64
D:libssl3>=3.1 missing~2 cmd:sh

`;

function facts(text = INSTALLED) {
  return openPackages(world({ '/lib/apk/db/installed': text }).facts.files);
}

describe('the database of apk', () => {
  test('gives packages with their source, licence, and the packages that provide what they need', async () => {
    const packages = await facts();
    expect(packages.kind).toBe('apk');
    const libssl = await packages.package('libssl3');
    expect(libssl).toMatchObject({
      version: '3.1.4-r5',
      architecture: 'x86_64',
      source: 'openssl',
      license: 'Apache-2.0',
    });
    expect(libssl?.depends).toEqual(['musl', 'libcrypto3']);
    expect((await packages.package('app'))?.depends).toEqual(['libssl3', 'missing', 'cmd:sh']);
    expect((await packages.package('so:libssl.so.3'))?.name).toBe('libssl3');
    expect((await packages.siblings('libssl3')).map(({ name }) => name)).toEqual(['libssl3', 'libcrypto3']);
  });

  test('gives files, owners and configuration', async () => {
    const packages = await facts();
    expect(await packages.filesOf('libssl3')).toEqual([
      '/lib',
      '/usr',
      '/usr/lib',
      '/lib/libssl.so.3',
      '/usr/lib/libssl.so.3',
    ]);
    expect((await packages.owner('/lib/libssl.so.3'))?.name).toBe('libssl3');
    expect((await packages.owner('/lib'))?.name).toBe('libssl3');
    expect(await packages.owner('/lib/nothing')).toBeUndefined();
    expect([...(await packages.configurationOf('libcrypto3'))]).toEqual(['/etc/ssl/openssl.cnf']);
  });

  test('that is broken says where', async () => {
    await expect(facts('P:x\nV:1\nwhat is this\n')).rejects.toThrow('/lib/apk/db/installed: line 3 is not "K:value"');
  });

  test('may end without an empty line', async () => {
    expect((await (await facts('P:x\nV:1')).package('x'))?.architecture).toBe('noarch');
  });
});
