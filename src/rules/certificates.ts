/**
 * Certificate authorities: where a TLS library looks for those it trusts, and the public bundle for that place. The places
 * are compiled into the libraries, so that they are read from them; `trust.ts` keeps local authorities out.
 * @module
 */

import { occurrences } from './occurrences.ts';
import { libcryptoOf, opensslPlaces } from './openssl-places.ts';
import { isLibcItself } from './process-libc.ts';
import type { Facts, Requirement, Rule, Subject, Want } from './rule.ts';
import { isPublic, publicBundle } from './trust.ts';

/** Bundles by distribution, in the order in which Go's crypto/x509 (root_linux.go) tries them. */
export const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt', // Debian, Alpine, Arch, Gentoo
  '/etc/pki/tls/certs/ca-bundle.crt', // Fedora
  '/etc/ssl/ca-bundle.pem', // SUSE
  '/etc/pki/tls/cacert.pem', // OpenELEC
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', // RHEL from 7 on
  '/etc/ssl/cert.pem', // Alpine, BSD
] as const;

const DIRECTORIES = ['/etc/ssl/certs', '/etc/pki/tls/certs'];

/** All of the above begin with one of these. */
const PREFIXES = ['/etc/ssl/', '/etc/pki/'];

/** SSL_CTX_load_verify_locations(3), X509_get_default_cert_file(3): who calls these looks where OpenSSL was built to look. */
const OPENSSL_DEFAULTS =
  /^(?:SSL_CTX_set_default_verify_(?:paths|file|dir|store)|X509_STORE_set_default_paths(?:_ex)?|X509_get_default_cert_(?:file|dir)(?:_env)?)$/;
const GNUTLS_DEFAULTS = /^gnutls_(?:certificate_set|x509_trust_list_add)_(?:x509_)?system_trust$/;
const TLS_FUNCTION = /^(?:SSL_CTX_|SSL_new$|gnutls_(?:init|certificate)|mbedtls_ssl_|NSS_Init|wolfSSL_)/;

/** No script that anyone writes is larger. */
const SCRIPT_LIMIT = 1024 * 1024;

export const certificates: Rule = {
  name: 'certificates',
  summary: 'certificate authorities where the TLS library looks for them; never those added locally',
  file: async (subject, facts) => {
    if (subject.elf === undefined) return fromScript(subject, facts);
    if (isLibcItself(subject) || isTlsLibrary(subject)) return [];
    const symbols = [...(await facts.symbols(subject.path))];
    if (symbols.some((name) => name.startsWith('crypto/x509.'))) return [];
    const openssl = symbols.find((name) => OPENSSL_DEFAULTS.test(name));
    const gnutls = symbols.find((name) => GNUTLS_DEFAULTS.test(name));
    const all: Requirement[] = [];
    if (openssl !== undefined) all.push(...(await opensslDefaults(`calls ${openssl}`, subject, facts)));
    if (gnutls !== undefined) all.push(...(await gnutlsDefaults(`calls ${gnutls}`, subject, facts)));
    const tls = symbols.find((name) => TLS_FUNCTION.test(name));
    if (subject.use === 'program' || tls !== undefined) all.push(...(await mentioned(tls, subject, facts)));
    return all;
  },
  image: async (facts) => {
    const all = Object.entries(facts.env).map(async ([variable, path]) => {
      if (!BUNDLE_VARIABLE.test(variable)) return [];
      const because = `sets ${variable} to it`;
      return path.startsWith('/') ? authorities([path], { because, facts, who: 'the image' }) : [];
    });
    const dir = facts.env['SSL_CERT_DIR'];
    const because = 'sets SSL_CERT_DIR to their directory';
    const entries = dir === undefined ? [] : await Array.fromAsync(hashedEntries(dir, facts));
    return [...(await Promise.all(all)).flat(), ...entries.map((want) => recommended(want, because))];
  },
  forced: async (facts) => authorities(BUNDLES, { because: 'wants certificate authorities (--cert)', facts }),
};

/** Variables by which programs are given a bundle end like this: SSL_CERT_FILE, …_CA_BUNDLE, …_CAINFO, …_CA_CERTS. */
const BUNDLE_VARIABLE = /(?:^SSL_CERT_FILE|_CA_?(?:BUNDLE|CERTS?|FILE|INFO))$/;

function recommended(want: Want, because: string): Requirement {
  return { want, strength: 'recommended', because };
}

function isTlsLibrary({ elf }: Subject): boolean {
  return /^lib(?:ssl|crypto|gnutls|p11-kit|nss3)\.so/.test(elf?.dynamic?.soname ?? '');
}

export interface Asking {
  /** As in a Requirement. */
  readonly because: string;
  readonly facts: Facts;
  /** Who asks, for the message of a check; absent where nothing is to be said. */
  readonly who?: string;
}

/**
 * The first of these bundles that is there, without local authorities. Where none is, the first of the list is what is
 * missed; where there is one of nothing but local ones, it stays where it is.
 */
export async function authorities(bundles: readonly string[], asking: Asking): Promise<readonly Requirement[]> {
  const { because, facts } = asking;
  let isThere = false;
  for (const bundle of bundles) {
    const wants = await publicBundle(bundle, facts);
    if (wants !== undefined) return wants.map((want) => recommended(want, because));
    isThere ||= (await facts.files.resolve(bundle)).kind === 'found';
  }
  const [path] = bundles;
  if (isThere || path === undefined) return [];
  return [{ ...recommended({ kind: 'path', path, use: 'data' }, because), ...unmet(path, asking) }];
}

function unmet(place: string, { because, who }: Asking): Pick<Requirement, 'unmet'> {
  if (who === undefined) return {};
  return {
    unmet: {
      code: 'ca-certificates-missing',
      message: `${who} ${because}, and ${place} is not there: it trusts no certificate, and TLS connections that verify their peer fail`,
      fix: `install ca-certificates in the source and pack with --cert, or add a bundle: --add FILE:${place}`,
    },
  };
}

/**
 * Where OpenSSL looks by default: SSL_CERT_FILE or `cert.pem`, and the hashed directory `certs`, both below the OPENSSLDIR
 * that it was built with.
 */
async function opensslDefaults(calls: string, subject: Subject, facts: Facts): Promise<readonly Requirement[]> {
  const dir = (await opensslPlaces(libcryptoOf(subject) ?? subject.path, facts))?.dir;
  if (dir === undefined || facts.env['SSL_CERT_FILE'] !== undefined || facts.env['SSL_CERT_DIR'] !== undefined)
    return [];
  const because = `${calls} of an OpenSSL with OPENSSLDIR ${dir}`;
  const asking: Asking = { because, facts, who: subject.path };
  const file = `${dir}/cert.pem`;
  if ((await facts.files.resolve(file)).kind === 'found') return authorities([file], asking);
  const entries = () => hashedEntries(`${dir}/certs`, facts);
  const isHashed = !(await entries().next()).done;
  const linked = await linkToBundle(file, isHashed ? { because, facts } : asking);
  if (linked !== undefined) return linked;
  if (!isHashed) return authorities([file], asking);
  return (await Array.fromAsync(entries())).map((want) => recommended(want, because));
}

/** One bundle and a link to it is half of what the hashed directory takes, and trusts the same. */
async function linkToBundle(file: string, asking: Asking): Promise<readonly Requirement[] | undefined> {
  const { because, facts } = asking;
  const dir = await facts.files.resolve(file.slice(0, file.lastIndexOf('/')));
  if (dir.kind !== 'found' || dir.node.kind !== 'dir') return undefined;
  const { mtime, mtimeNs } = dir.node;
  for (const bundle of BUNDLES) {
    const wants = await publicBundle(bundle, facts);
    if (wants === undefined) continue;
    const meta = { mode: 0o777, uid: 0, gid: 0 };
    const node = { kind: 'symlink', target: bundle, meta, mtime, mtimeNs, link: undefined } as const;
    const link: Want = { kind: 'made', path: `${dir.path}/cert.pem`, node };
    return [
      ...wants.map((want) => recommended(want, because)),
      { ...recommended(link, because), ...unmet(file, asking) },
    ];
  }
  return undefined;
}

/** `HASH.N` entries as c_rehash(1) makes them, whose certificates are public. */
async function* hashedEntries(dir: string, facts: Facts): AsyncGenerator<Want, void, void> {
  const found = await facts.files.resolve(dir);
  if (found.kind !== 'found') return;
  for (const name of (await facts.files.list(found.path)) ?? []) {
    if (!/^[0-9a-f]{8}\.\d+$/.test(name)) continue;
    const entry = await facts.files.resolve(`${found.path}/${name}`);
    if (entry.kind !== 'found' || entry.node.kind !== 'file' || !(await isPublic(entry.node, facts))) continue;
    yield { kind: 'path', path: `${dir}/${name}`, use: 'data' };
  }
}

/** GnuTLS trusts a bundle, or what p11-kit(8) offers, whichever it was built for (--with-default-trust-store-…). */
async function gnutlsDefaults(calls: string, subject: Subject, facts: Facts): Promise<readonly Requirement[]> {
  const library =
    subject.loaded?.objects.find(({ name }) => /(?:^|\/)libgnutls\.so/.test(name))?.realPath ?? subject.path;
  const found = await facts.mentions(library, BUNDLES);
  const bundles = BUNDLES.filter((bundle) => found.has(bundle));
  if (bundles.length > 0) return authorities(bundles, { because: calls, facts, who: subject.path });
  const because = `${calls}, which trusts what p11-kit offers`;
  const modules = ['/usr/lib64', '/usr/lib'].map((dir) => `${dir}/pkcs11/p11-kit-trust.so`);
  const first: Want = { kind: 'first', of: modules.map((path) => ({ kind: 'path', path, use: 'module' })) };
  const trees = ['/usr/share/p11-kit/modules', '/usr/share/pki/ca-trust-source'];
  return [
    recommended(first, because),
    ...trees.map((path) => recommended({ kind: 'tree', path, use: 'data' }, because)),
  ];
}

/**
 * A place that the file names itself, as a library's compiled-in default or in a list of places to try. Of a directory
 * GnuTLS reads every file, OpenSSL those that are named by their hash.
 *
 * @param tls a function of a TLS library that it calls, if any
 */
async function mentioned(tls: string | undefined, subject: Subject, facts: Facts): Promise<readonly Requirement[]> {
  const texts = await occurrences(subject.path, PREFIXES, facts);
  const names = (path: string) => texts.some((text) => text.startsWith(path));
  const bundles = BUNDLES.filter(names);
  const asking = (because: string): Asking => ({ because, facts, who: subject.path });
  if (bundles[0] !== undefined) return authorities(bundles, asking(`names ${bundles[0]}`));
  const dir = DIRECTORIES.find(names);
  if (dir === undefined || tls === undefined) return [];
  const because = `names ${dir}`;
  if (tls.startsWith('gnutls_'))
    return authorities(
      BUNDLES.filter((one) => one.startsWith(`${dir}/`)),
      asking(because),
    );
  return (await Array.fromAsync(hashedEntries(dir, facts))).map((want) => recommended(want, because));
}

async function fromScript({ path, use, node }: Subject, facts: Facts): Promise<readonly Requirement[]> {
  if (use !== 'program' || node.content.size > SCRIPT_LIMIT) return [];
  const found = await facts.mentions(path, BUNDLES);
  const bundles = BUNDLES.filter((bundle) => found.has(bundle));
  return bundles.length === 0 ? [] : authorities(bundles, { because: `names ${bundles[0]}`, facts });
}
