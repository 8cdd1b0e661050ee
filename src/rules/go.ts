/**
 * Go programs: what the standard library reads at run time, told by the functions that the linker kept. Their names stay in
 * a program that was stripped (the pc-line table). What Go asks of the C library (cgo) is the business of the other rules.
 * @module
 */
import { authorities, BUNDLES } from './certificates.ts';
import type { Facts, Requirement, Rule, Subject } from './rule.ts';
import { localTime, zoneDatabase } from './time-zones.ts';

type Symbols = ReadonlySet<string>;

export const go: Rule = {
  name: 'go',
  summary:
    'Go programs: certificates, name resolution, time zones, users and MIME types as the standard library reads them',
  file: async (subject, facts) => {
    if (subject.elf === undefined) return [];
    const symbols = await facts.symbols(subject.path);
    if (!symbols.has('runtime.main') && !symbols.has('runtime.goexit')) return [];
    return [
      ...(await trust(symbols, subject, facts)),
      ...resolver(symbols),
      ...zones(symbols, subject, facts),
      ...accounts(symbols),
      ...mimeTypes(symbols),
    ];
  },
};

/** The first of these functions that the program carries. */
function carried(symbols: Symbols, ...names: readonly string[]): string | undefined {
  return names.find((name) => symbols.has(name));
}

/** crypto/x509 reads the first bundle that is there; SSL_CERT_FILE in its place is seen to by the rule of certificates. */
async function trust(symbols: Symbols, { path }: Subject, facts: Facts): Promise<readonly Requirement[]> {
  const name = carried(
    symbols,
    'crypto/x509.loadSystemRoots',
    'crypto/x509.initSystemRoots',
    'crypto/x509.SystemCertPool',
  );
  if (name === undefined || facts.env['SSL_CERT_FILE'] !== undefined) return [];
  if (carried(symbols, 'golang.org/x/crypto/x509roots/fallback.init.0') !== undefined) return [];
  return authorities(BUNDLES, { because: `carries ${name}`, facts, who: path });
}

/** The resolver written in Go: the order of sources is the C library's; the usual services and protocols are built in. */
function resolver(symbols: Symbols): Requirement[] {
  const all: Requirement[] = [];
  const add = (name: string | undefined, path: string, strength: Requirement['strength']) => {
    if (name === undefined) return;
    all.push({ want: { kind: 'path', path, use: 'data' }, strength, because: `carries ${name}` });
  };
  const switched = carried(symbols, 'net.parseNSSConfFile', 'net.parseNSSConf', 'net.(*nsswitchConfig).tryUpdate');
  add(switched, '/etc/nsswitch.conf', 'recommended');
  add(carried(symbols, 'net.readServices'), '/etc/services', 'suggested');
  add(carried(symbols, 'net.readProtocols'), '/etc/protocols', 'suggested');
  return all;
}

/** `time/tzdata` embeds the whole database. */
function zones(symbols: Symbols, subject: Subject, facts: Facts): Requirement[] {
  const local = carried(symbols, 'time.initLocal');
  const all = local === undefined ? [] : localTime(`carries ${local}`, facts);
  const named = carried(symbols, 'time.LoadLocation');
  const embedded = carried(symbols, 'time/tzdata.loadFromEmbeddedTZData', 'time/tzdata.init.0', 'time/tzdata.init');
  if (named === undefined || embedded !== undefined || facts.env['ZONEINFO'] !== undefined) return all;
  return [...all, zoneDatabase(`carries ${named}`, subject, facts)];
}

function accounts(symbols: Symbols): Requirement[] {
  const users = carried(
    symbols,
    'os/user.lookupUserId',
    'os/user.lookupUser',
    'os/user.findUserId',
    'os/user.findUsername',
  );
  const groups = carried(
    symbols,
    'os/user.lookupGroup',
    'os/user.lookupGroupId',
    'os/user.findGroupId',
    'os/user.findGroupName',
  );
  const wanted = (kind: 'user' | 'group', name: string, by: string): Requirement => {
    return { want: { kind, name }, strength: 'recommended', because: `carries ${by}` };
  };
  return [
    ...(users === undefined ? [] : [wanted('user', 'root', users), wanted('user', 'nobody', users)]),
    ...(groups === undefined ? [] : [wanted('group', 'root', groups)]),
  ];
}

/** mime/type_unix.go: the shared database, else the first of the lists. The types of the web are built in. */
function mimeTypes(symbols: Symbols): Requirement[] {
  const name = carried(symbols, 'mime.initMimeUnix', 'mime.loadMimeGlobsFile', 'mime.loadMimeFile');
  if (name === undefined) return [];
  const paths = ['/usr/local/share/mime/globs2', '/usr/share/mime/globs2', '/etc/mime.types'];
  const want = { kind: 'first', of: paths.map((path) => ({ kind: 'path', path, use: 'data' }) as const) } as const;
  return [{ want, strength: 'suggested', because: `carries ${name}` }];
}
