import { describe, expect, test } from 'vitest';
import { openssl } from './openssl.ts';
import { parseOpensslConfig } from './openssl-config.ts';
import { lines, type Sketch, world } from './testing.ts';

const LIBCRYPTO = {
  soname: 'libcrypto.so.3',
  strings: ['OPENSSLDIR: "/usr/lib/ssl"', 'ENGINESDIR: "/usr/lib/engines-3"', 'MODULESDIR: "/usr/lib/ossl-modules"'],
};
const CONFIG = `
openssl_conf = init   # comment
.include /etc/ssl/more
[init]
providers = provs
engines = engs
[ provs ]
default = on
1.legacy = old
custom = own
off = no
[on]
activate = 1
[old]
activate = yes
[own]
module = "/opt/own.so"
activate = 1
[no]
activate = 0
module = /opt/off.so
[engs]
padlock = pad
tpm = t
[pad]
default_algorithms = ALL
[t]
engine_id = tpm2
dynamic_path = /opt/tpm2.so
long = a\\
b
`;
const FILES: Record<string, Sketch> = {
  '/lib/libcrypto.so.3': LIBCRYPTO,
  '/usr/lib/ssl/openssl.cnf': '-> /etc/ssl/openssl.cnf',
  '/etc/ssl/openssl.cnf': CONFIG,
  '/etc/ssl/more/a.cnf': '[more]\n.include b\n',
  '/etc/ssl/more/b': '.include a.cnf\nx = 1\n',
  '/etc/ssl/more/notes.txt': '',
};

async function asked(path: string, files: Record<string, Sketch> = {}, env: string[] = []) {
  const { facts, subject } = world({ ...FILES, ...files }, { config: { Env: env } });
  return lines((await openssl.file?.(await subject(path), facts)) ?? []);
}

test('the configuration: sections, providers, engines, files included from files and directories', async () => {
  const { facts } = world(FILES);
  expect(await parseOpensslConfig('/usr/lib/ssl/openssl.cnf', facts)).toEqual({
    included: ['/etc/ssl/more/a.cnf', '/etc/ssl/more/b'],
    providers: [
      { name: 'default', module: undefined },
      { name: 'legacy', module: undefined },
      { name: 'custom', module: '/opt/own.so' },
    ],
    engines: [
      { name: 'padlock', path: undefined },
      { name: 'tpm2', path: '/opt/tpm2.so' },
    ],
  });
  expect(await parseOpensslConfig('/none', facts)).toEqual({ included: [], providers: [], engines: [] });
});

describe('the rule', () => {
  test('gives libcrypto its configuration and what that loads', async () => {
    expect(await asked('/lib/libcrypto.so.3')).toEqual([
      'recommended path /etc/ssl/more/a.cnf',
      'recommended path /etc/ssl/more/b',
      'recommended path /opt/own.so',
      'recommended path /opt/tpm2.so',
      'recommended path /usr/lib/engines-3/padlock.so',
      'recommended path /usr/lib/ossl-modules/legacy.so',
      'recommended path /usr/lib/ssl/openssl.cnf',
    ]);
  });

  test('reads the places from the environment where they are set', async () => {
    const env = ['OPENSSL_CONF=/srv/my.cnf', 'OPENSSL_MODULES=/srv/modules'];
    const config = 'openssl_conf=i\n[i]\nproviders=p\n[p]\nlegacy=l\n[l]\nactivate=1\n';
    expect(await asked('/lib/libcrypto.so.3', { '/srv/my.cnf': config }, env)).toEqual([
      'recommended path /srv/modules/legacy.so',
      'recommended path /srv/my.cnf',
    ]);
  });

  test('gives a program the provider that it names and loads', async () => {
    const libraries = ['/lib/libcrypto.so.3'];
    const loads = { symbols: ['OSSL_PROVIDER_load', 'ENGINE_by_id'], libraries };
    expect(await asked('/bin/p', { '/bin/p': { ...loads, strings: ['legacy'] } })).toEqual([
      'recommended path /usr/lib/ossl-modules/legacy.so',
      'suggested tree /usr/lib/engines-3',
    ]);
    expect(await asked('/bin/p', { '/bin/p': { ...loads, strings: ['legacy mode'] } })).toEqual([
      'suggested tree /usr/lib/engines-3',
    ]);
    expect(await asked('/bin/p', { '/bin/p': { symbols: ['SSL_new'], strings: ['legacy'], libraries } })).toEqual([]);
  });

  test('sees an OpenSSL that a program carries, and none where there is none', async () => {
    const files = { '/bin/p': { strings: ['OPENSSLDIR: "/etc/own"'] }, '/bin/q': { strings: ['openssl'] } };
    expect(await asked('/bin/p', files)).toEqual(['recommended path /etc/own/openssl.cnf']);
    expect(await asked('/bin/q', files)).toEqual([]);
  });
});
