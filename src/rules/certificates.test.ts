import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readFileNode } from '../ports/tree-files.ts';
import { certificates } from './certificates.ts';
import type { Requirement } from './rule.ts';
import { type ElfFile, lines, type Sketch, type WorldOptions, world } from './testing.ts';

const pem = (text: string) =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(text.repeat(40)).toString('base64')}\n-----END CERTIFICATE-----\n`;
const A = pem('public authority A');
const B = pem('public authority B');
const CANARY = pem('local canary authority');

const BUNDLE = '/etc/ssl/certs/ca-certificates.crt';
const SHIPPED = ['/usr/share/ca-certificates/mozilla/A.crt', '/usr/share/ca-certificates/mozilla/B.crt'];
const DEBIAN: Record<string, Sketch> = {
  [SHIPPED[0] ?? '']: A,
  [SHIPPED[1] ?? '']: B,
  '/usr/local/share/ca-certificates/canary.crt': CANARY,
  '/lib/libcrypto.so.3': { soname: 'libcrypto.so.3', strings: ['OPENSSLDIR: "/usr/lib/ssl"', '/usr/lib/ssl/cert.pem'] },
  '/lib/libgnutls.so.30': { soname: 'libgnutls.so.30', strings: [BUNDLE] },
};
const PACKAGES = { 'ca-certificates': SHIPPED };

const OPENSSL: ElfFile = {
  symbols: ['SSL_CTX_new', 'SSL_CTX_set_default_verify_paths'],
  libraries: ['/lib/libcrypto.so.3'],
};
const GNUTLS: ElfFile = { symbols: ['gnutls_certificate_set_x509_system_trust'], libraries: ['/lib/libgnutls.so.30'] };

async function asked(elf: Sketch, files: Record<string, Sketch> = {}, options: WorldOptions = {}) {
  const { facts, subject } = world({ ...DEBIAN, '/bin/p': elf, ...files }, { packages: PACKAGES, ...options });
  return (await certificates.file?.(await subject('/bin/p'), facts)) ?? [];
}

async function contentOf(requirements: readonly Requirement[], path: string): Promise<string | undefined> {
  for (const { want } of requirements) {
    if (want.kind !== 'made' || want.path !== path || want.node.kind !== 'file') continue;
    return Buffer.from(await readFileNode(want.node)).toString();
  }
  return undefined;
}

describe('local authorities', () => {
  test('a bundle of nothing but public ones is taken as it is', async () => {
    expect(lines(await asked(GNUTLS, { [BUNDLE]: A + B }))).toEqual([`recommended path ${BUNDLE}`]);
  });

  test('a bundle with others is written anew without them, order kept, text around them dropped', async () => {
    const all = await asked(GNUTLS, { [BUNDLE]: `${B}# mine\n${CANARY}${A}` });
    expect(lines(all)).toEqual([`recommended made ${BUNDLE}`]);
    expect(await contentOf(all, BUNDLE)).toBe(B + A);
  });

  test('a certificate dropped into the directory of the package is as local as any', async () => {
    const all = await asked(GNUTLS, { [BUNDLE]: A + CANARY, '/usr/share/ca-certificates/local/canary.crt': CANARY });
    expect(await contentOf(all, BUNDLE)).toBe(A);
  });

  test('a bundle of nothing but local ones stays where it is', async () => {
    expect(await asked(GNUTLS, { [BUNDLE]: CANARY })).toEqual([]);
  });

  test('where no package ships authorities one by one, a bundle of unknown origin stays where it is', async () => {
    const { facts, subject } = world(
      { '/bin/p': GNUTLS, ...libraries(), [BUNDLE]: A },
      { packages: { base: ['/bin/p'] } },
    );
    expect(await certificates.file?.(await subject('/bin/p'), facts)).toEqual([]);
  });

  test("in a finished image without a package database, the image's bundle is the bundle", async () => {
    const { facts, subject } = world({ '/bin/p': GNUTLS, ...libraries(), [BUNDLE]: A });
    expect(lines((await certificates.file?.(await subject('/bin/p'), facts)) ?? [])).toEqual([
      `recommended path ${BUNDLE}`,
    ]);
  });

  test("apk's bundle is taken while it is the one that was shipped", async () => {
    const asShipped = createHash('sha1').update(A).digest('base64');
    const database = `P:ca-certificates-bundle\nF:etc\nF:etc/ssl/certs\nR:ca-certificates.crt\nZ:Q1${asShipped}\n\n`;
    const at = async (bundle: string) => {
      const files = { '/bin/p': GNUTLS, ...libraries(), [BUNDLE]: bundle, '/lib/apk/db/installed': database };
      const { facts, subject } = world(files, { packages: {} });
      const apk = { ...facts, packages: async () => ({ ...(await facts.packages()), kind: 'apk' as const }) };
      return lines((await certificates.file?.(await subject('/bin/p'), apk)) ?? []);
    };
    expect(await at(A)).toEqual([`recommended path ${BUNDLE}`]);
    expect(await at(A + CANARY)).toEqual([]);
  });

  const libraries = () => ({ '/lib/libgnutls.so.30': DEBIAN['/lib/libgnutls.so.30'] as Sketch });
});

describe('OpenSSL', () => {
  test('opens cert.pem below its OPENSSLDIR: the links to it are kept', async () => {
    const files = { '/usr/lib/ssl/cert.pem': `-> ${BUNDLE}`, [BUNDLE]: A };
    expect(lines(await asked(OPENSSL, files))).toEqual(['recommended path /usr/lib/ssl/cert.pem']);
    const written = await asked(OPENSSL, { ...files, [BUNDLE]: A + CANARY });
    expect(lines(written)).toEqual([`recommended made ${BUNDLE}`, 'recommended made /usr/lib/ssl/cert.pem'].sort());
    expect(await contentOf(written, BUNDLE)).toBe(A);
  });

  test('without cert.pem gets a link to the bundle rather than the hashed directory', async () => {
    const files = {
      '/usr/lib/ssl/certs': '-> /etc/ssl/certs',
      [BUNDLE]: A,
      '/etc/ssl/certs/00000001.0': `-> ${SHIPPED[0]}`,
    };
    expect(lines(await asked(OPENSSL, files))).toEqual([
      'recommended made /usr/lib/ssl/cert.pem',
      `recommended path ${BUNDLE}`,
    ]);
  });

  test('without any bundle gets the hashed directory, public ones only', async () => {
    const files = {
      '/usr/lib/ssl/certs': '-> /etc/ssl/certs',
      '/etc/ssl/certs/00000001.0': `-> ${SHIPPED[0]}`,
      '/etc/ssl/certs/00000002.0': '-> /usr/local/share/ca-certificates/canary.crt',
    };
    expect(lines(await asked(OPENSSL, files))).toEqual(['recommended path /usr/lib/ssl/certs/00000001.0']);
  });

  test('without anything is missed', async () => {
    expect(lines(await asked(OPENSSL, { '/usr/lib/ssl': '/' }))).toEqual([
      'recommended path /usr/lib/ssl/cert.pem (ca-certificates-missing)',
    ]);
  });

  test('the libraries themselves, and programs that bring their own trust, want nothing', async () => {
    expect(await asked({ soname: 'libssl.so.3', symbols: ['X509_STORE_set_default_paths_ex'] })).toEqual([]);
    expect(await asked({ symbols: ['SSL_CTX_new', 'SSL_CTX_load_verify_locations'] }, { [BUNDLE]: A })).toEqual([]);
  });
});

describe('compiled-in places', () => {
  test('of several, the first that is there', async () => {
    const elf: ElfFile = { symbols: ['SSL_CTX_new'], strings: ['/etc/pki/tls/cacert.pem', '/etc/ssl/cert.pem'] };
    expect(lines(await asked(elf, { '/etc/ssl/cert.pem': A }))).toEqual(['recommended path /etc/ssl/cert.pem']);
    expect(lines(await asked(elf))).toEqual(['recommended path /etc/pki/tls/cacert.pem (ca-certificates-missing)']);
  });

  test('GnuTLS reads every file of a directory, OpenSSL the hashed ones', async () => {
    const files = { [BUNDLE]: A, '/etc/ssl/certs/00000001.0': `-> ${SHIPPED[0]}` };
    const strings = ['/etc/ssl/certs'];
    expect(lines(await asked({ symbols: ['gnutls_init'], strings }, files))).toEqual([`recommended path ${BUNDLE}`]);
    expect(lines(await asked({ symbols: ['SSL_CTX_new'], strings }, files))).toEqual([
      'recommended path /etc/ssl/certs/00000001.0',
    ]);
  });

  test('a GnuTLS built for p11-kit gets its module and what packages offer', async () => {
    const files = { '/lib/libgnutls.so.30': { soname: 'libgnutls.so.30', strings: ['pkcs11:'] } };
    expect(lines(await asked(GNUTLS, files))).toEqual([
      'recommended first path /usr/lib64/pkcs11/p11-kit-trust.so | path /usr/lib/pkcs11/p11-kit-trust.so',
      'recommended tree /usr/share/p11-kit/modules',
      'recommended tree /usr/share/pki/ca-trust-source',
    ]);
  });

  test('a script that names a bundle gets it', async () => {
    expect(lines(await asked(`#!/bin/sh\nfetch --cacert ${BUNDLE}\n`, { [BUNDLE]: A }))).toEqual([
      `recommended path ${BUNDLE}`,
    ]);
  });
});

describe('the image', () => {
  test('names a bundle in its environment, without local ones as any other', async () => {
    const { facts } = world(
      { ...DEBIAN, '/srv/ca.pem': A + CANARY },
      { packages: PACKAGES, config: { Env: ['SSL_CERT_FILE=/srv/ca.pem'] } },
    );
    const all = (await certificates.image?.(facts)) ?? [];
    expect(lines(all)).toEqual(['recommended made /srv/ca.pem']);
    expect(await contentOf(all, '/srv/ca.pem')).toBe(A);
  });

  test('and whatever other variable ends like one for a bundle', async () => {
    const named = async (variable: string) => {
      const { facts } = world({ '/ca.pem': A }, { config: { Env: [`${variable}=/ca.pem`] } });
      return lines((await certificates.image?.(facts)) ?? []);
    };
    for (const variable of ['X_CA_BUNDLE', 'X_SSL_CAINFO', 'X_EXTRA_CA_CERTS', 'X_CAFILE', 'SSL_CERT_FILE']) {
      expect(await named(variable), variable).toEqual(['recommended path /ca.pem']);
    }
    for (const variable of ['X_CA', 'SSL_CERT_FILES', 'LOCALE_FILE'])
      expect(await named(variable), variable).toEqual([]);
  });

  test('--cert takes the bundle of the distribution', async () => {
    const { facts } = world({ ...DEBIAN, '/etc/ssl/ca-bundle.pem': A }, { packages: PACKAGES });
    expect(lines((await certificates.forced?.(facts)) ?? [])).toEqual(['recommended path /etc/ssl/ca-bundle.pem']);
  });
});
