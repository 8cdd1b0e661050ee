/** Which databases of the Name Service Switch a function of the C library asks, nsswitch.conf(5). @module */

export const NSS_DATABASES = [
  'aliases',
  'ethers',
  'group',
  'hosts',
  'netgroup',
  'networks',
  'passwd',
  'protocols',
  'rpc',
  'services',
  'shadow',
] as const;

export type NssDatabase = (typeof NSS_DATABASES)[number];

/**
 * By database, the functions that ask it: getaliasent(3), ether_aton(3), getgrnam(3), gethostbyname(3), getaddrinfo(3),
 * setnetgrent(3), getnetent(3), getpwnam(3), getprotoent(3), getrpcent(3), getservent(3), getspnam(3). The reentrant forms
 * (`…_r`) are not listed. glibc's getaddrinfo knows the protocols it can answer with by itself.
 */
const FUNCTIONS: Readonly<Record<NssDatabase, string>> = {
  aliases: 'getaliasbyname getaliasent setaliasent',
  ethers: 'ether_hostton ether_ntohost',
  group: 'getgrnam getgrgid getgrent setgrent initgroups getgrouplist',
  hosts:
    'getaddrinfo getaddrinfo_a getnameinfo gethostbyname gethostbyname2 gethostbyaddr gethostent sethostent rcmd rcmd_af rexec rexec_af',
  netgroup: 'setnetgrent getnetgrent innetgr ruserok ruserok_af iruserok iruserok_af',
  networks: 'getnetbyname getnetbyaddr getnetent setnetent',
  passwd: 'getpwnam getpwuid getpwent setpwent getpw getlogin cuserid',
  protocols: 'getprotobyname getprotobynumber getprotoent setprotoent',
  rpc: 'getrpcbyname getrpcbynumber getrpcent setrpcent getrpcport',
  services: 'getaddrinfo getaddrinfo_a getnameinfo getservbyname getservbyport getservent setservent rcmd rcmd_af',
  shadow: 'getspnam getspent setspent',
};

const BY_FUNCTION = new Map<string, NssDatabase[]>();
for (const database of NSS_DATABASES) {
  for (const name of FUNCTIONS[database].split(' ')) {
    BY_FUNCTION.set(name, [...(BY_FUNCTION.get(name) ?? []), database]);
  }
}

/** The databases that these functions ask, each with the functions (sorted) that do; in the order of {@link NSS_DATABASES}. */
export function databasesAsked(symbols: Iterable<string>): ReadonlyMap<NssDatabase, readonly string[]> {
  const found = new Map<NssDatabase, Set<string>>();
  for (const symbol of symbols) {
    const name = symbol.endsWith('_r') ? symbol.slice(0, -2) : symbol;
    for (const database of BY_FUNCTION.get(name) ?? []) {
      const functions = found.get(database) ?? new Set();
      found.set(database, functions.add(name));
    }
  }
  return new Map(
    NSS_DATABASES.filter((database) => found.has(database)).map((database) => [
      database,
      [...(found.get(database) ?? [])].sort(),
    ]),
  );
}

/**
 * The text by which a static glibc program that was stripped gives itself away: its look-up routines carry their names
 * (nss/XXX-lookup.c), and getaddrinfo its configuration file.
 */
export const STATIC_MARKS: ReadonlyMap<string, NssDatabase> = new Map(
  NSS_DATABASES.map((database) => [`__nss_${database}_lookup2`, database]),
);
