/**
 * Names of hosts, services, users and the rest: what the C library opens when a program asks for one. Which databases a
 * program asks follows from the functions it uses; what has to be there for each from the C library and nsswitch.conf(5).
 * @module
 */
import { databasesAsked, type NssDatabase, STATIC_MARKS } from './nss-databases.ts';
import { hasFilesAndDns, looksAtHostsFirst, type NssService, parseNssSwitch, servicesOf } from './nsswitch.ts';
import { glibcVersion, isLibcItself, type ProcessLibc, processLibc } from './process-libc.ts';
import type { Facts, Requirement, Rule, Strength, Subject } from './rule.ts';

const NSSWITCH = '/etc/nsswitch.conf';

export const nss: Rule = {
  name: 'nss',
  summary: 'name service: nsswitch.conf, its modules, services and the other databases, minimal passwd and group',
  file: async (subject, facts) => {
    if (subject.elf === undefined || isLibcItself(subject)) return [];
    const libc = await processLibc(subject, facts);
    if (libc === undefined) return [];
    const asked = await databases(subject, libc, facts);
    if (asked.size === 0) return [];
    const files = databaseFiles(asked, subject);
    return libc.libc === 'glibc' ? [...files, ...(await switched(asked, { subject, libc, facts }))] : files;
  },
  forced: async (facts) => {
    const because = 'is a file of name resolution (--nss-net)';
    const paths = [NSSWITCH, '/etc/host.conf', '/etc/services', '/etc/protocols', '/etc/networks', '/etc/rpc'];
    const modules = await oldModules(facts);
    return [
      ...paths.map(
        (path): Requirement => ({ want: { kind: 'path', path, use: 'data' }, strength: 'recommended', because }),
      ),
      ...modules.map(
        (path): Requirement => ({ want: { kind: 'path', path, use: 'module' }, strength: 'recommended', because }),
      ),
    ];
  },
};

/** Databases that the file asks, each with what tells so: `calls getaddrinfo`. */
type Asked = ReadonlyMap<NssDatabase, string>;

/** Of the others musl has a table built in (protocols), or only stubs. It reads /etc/hosts as well, which the runtime makes. */
const MUSL_READS: readonly NssDatabase[] = ['services', 'passwd', 'group'];

async function databases(subject: Subject, libc: ProcessLibc, facts: Facts): Promise<Asked> {
  const called = databasesAsked(await facts.symbols(subject.path));
  if (called.size > 0 || libc.linked === 'dynamic') {
    const known = [...called].filter(([database]) => libc.libc !== 'musl' || MUSL_READS.includes(database));
    return new Map(known.map(([database, names]) => [database, `calls ${names.join(', ')}`]));
  }
  return libc.libc === 'glibc' ? markedInGlibc(subject, facts) : markedByPath(subject, facts);
}

/** A static glibc program that was stripped. */
async function markedInGlibc({ path }: Subject, facts: Facts): Promise<Asked> {
  const gai = '/etc/gai.conf';
  const found = await facts.mentions(path, [gai, ...STATIC_MARKS.keys()]);
  const asked = new Map<NssDatabase, string>();
  if (found.has(gai)) {
    asked.set('hosts', 'carries getaddrinfo');
    asked.set('services', 'carries getaddrinfo');
  }
  for (const [mark, database] of STATIC_MARKS) {
    if (found.has(mark) && !asked.has(database)) asked.set(database, `carries the look-up of ${database}`);
  }
  return asked;
}

/** musl and others without a switch: each look-up carries the path of its file. */
const PATH_MARKS: Readonly<Record<string, NssDatabase>> = {
  '/etc/services': 'services',
  '/etc/passwd': 'passwd',
  '/etc/group': 'group',
  '/etc/protocols': 'protocols',
};

async function markedByPath({ path }: Subject, facts: Facts): Promise<Asked> {
  const found = await facts.mentions(path, Object.keys(PATH_MARKS));
  return new Map([...found].sort().map((mark) => [PATH_MARKS[mark] as NssDatabase, `mentions ${mark}`]));
}

/** The file that holds each database, where a container's own may go in; hosts is the runtime's, shadow nobody's. */
const FILES: Partial<Record<NssDatabase, string>> = {
  aliases: '/etc/aliases',
  ethers: '/etc/ethers',
  netgroup: '/etc/netgroup',
  networks: '/etc/networks',
  protocols: '/etc/protocols',
  rpc: '/etc/rpc',
  services: '/etc/services',
};

function databaseFiles(asked: Asked, subject: Subject): Requirement[] {
  const all: Requirement[] = [];
  for (const [database, because] of asked) {
    const path = FILES[database];
    if (path !== undefined) all.push({ ...dataFile(path, because), ...unmetFile(database, subject, because) });
    if (database === 'passwd' || database === 'group') all.push(...accounts(database, subject, because));
  }
  return all;
}

function dataFile(path: string, because: string): Requirement {
  return { want: { kind: 'path', path, use: 'data' }, strength: 'recommended', because };
}

/** Most programs that ask for services turn a name into a port; one that only prints names falls back to numbers. */
function unmetFile(database: NssDatabase, { path }: Subject, because: string): Pick<Requirement, 'unmet'> {
  if (database === 'services' && !/^calls getnameinfo$/.test(because)) {
    return {
      unmet: {
        code: 'services-missing',
        message: `${path} ${because}: it cannot turn the name of a service ("http") into a port without /etc/services, not even for an IP address`,
        fix: 'add /etc/services: pare pack --nss-net, or --add /etc/services (Debian package netbase)',
      },
    };
  }
  if (database === 'protocols') {
    return {
      unmet: {
        code: 'services-missing',
        message: `${path} ${because}: it cannot turn the name of a protocol ("tcp") into a number without /etc/protocols`,
        fix: 'add /etc/protocols: pare pack --nss-net, or --add /etc/protocols (Debian package netbase)',
      },
    };
  }
  return {};
}

/** Who every system has: the closure writes the minimal files. */
function accounts(database: 'passwd' | 'group', subject: Subject, because: string): Requirement[] {
  const kind = database === 'passwd' ? 'user' : 'group';
  const root: Requirement = { want: { kind, name: 'root' }, strength: 'recommended', because };
  if (kind === 'group') return [root];
  const unmet = {
    code: 'nss-missing',
    message: `${subject.path} ${because}, and no user is known: some programs stop where they cannot find the user they run as`,
    fix: 'give the image an /etc/passwd: pare pack writes a minimal one, --user NAME:UID adds a user to it',
  } as const;
  const nobody: Requirement = { want: { kind, name: 'nobody' }, strength: 'recommended', because };
  return [subject.use === 'program' ? { ...root, unmet } : root, nobody];
}

/** host.conf(5), and gai.conf(5) where it says anything at all. */
async function addressSelection(because: string, facts: Facts): Promise<Requirement[]> {
  const gai = '/etc/gai.conf';
  const rules = await facts.text(gai);
  const all = [dataFile('/etc/host.conf', because)];
  if (rules?.split('\n').some((line) => /^\s*[^#\s]/.test(line))) all.push(dataFile(gai, because));
  return all;
}

interface Process {
  readonly subject: Subject;
  readonly libc: ProcessLibc;
  readonly facts: Facts;
}

/** What glibc's switch wants: its configuration, and the modules of the services that it names. */
async function switched(asked: Asked, { subject, libc, facts }: Process): Promise<Requirement[]> {
  const text = await facts.text(NSSWITCH);
  const config = text === undefined ? undefined : parseNssSwitch(text);
  const builtIn = await buildsIn({ subject, libc, facts });
  const [first] = asked.values();
  const all: Requirement[] = [{ ...dataFile(NSSWITCH, first ?? ''), ...unmetSwitch(asked, subject, libc) }];
  if (asked.has('hosts')) all.push(...(await addressSelection(asked.get('hosts') ?? '', facts)));
  const services = new Map<string, { service: NssService; database: NssDatabase }>();
  for (const database of asked.keys()) {
    if (database === 'shadow') continue;
    for (const service of servicesOf(database, { config, version: libc.version })) {
      if (builtIn && (service.name === 'files' || service.name === 'dns')) continue;
      if (!services.has(service.name)) services.set(service.name, { service, database });
    }
  }
  for (const { service, database } of services.values())
    all.push(await moduleOf(service, database, { subject, libc, facts }));
  return all;
}

/** Before 2.35 a missing nsswitch.conf means DNS first, and /etc/hosts only where no DNS server answers. */
function unmetSwitch(asked: Asked, { path }: Subject, { version, linked }: ProcessLibc): Pick<Requirement, 'unmet'> {
  if (!asked.has('hosts') || linked === 'static' || version === undefined || looksAtHostsFirst(version)) return {};
  return {
    unmet: {
      code: 'nss-missing',
      message: `${path} ${asked.get('hosts')}: without ${NSSWITCH}, glibc ${version} asks DNS first, and names of /etc/hosts (localhost) are not found once a DNS server has answered`,
      fix: `add ${NSSWITCH}: pare pack --nss-net, or a file with the line "hosts: files dns"`,
    },
  };
}

/** Whether the services `files` and `dns` are part of the program's C library; of an unknown version, yes if no module is there. */
async function buildsIn({ subject, libc, facts }: Process): Promise<boolean> {
  if (libc.linked === 'dynamic') return hasFilesAndDns(libc.version);
  const marks = ['_nss_files_gethostbyname4_r', 'files-hosts.c', '/etc/aliases'];
  return (await facts.mentions(subject.path, marks)).size > 0;
}

/** Services that answer from files of the image. The others ask a daemon or a directory server, which few containers have. */
const LOCAL = ['files', 'dns', 'compat', 'db', 'altfiles', 'extrausers'];

async function moduleOf(service: NssService, database: NssDatabase, process: Process): Promise<Requirement> {
  const { subject, libc } = process;
  const name = `libnss_${service.name}.so.2`;
  const basic = service.name === 'files' || service.name === 'dns';
  const because = `looks up ${database} by the service "${service.name}" of ${NSSWITCH} (dlopen by the C library)`;
  const want = { kind: 'library', name, by: libc.path ?? subject.path } as const;
  if (!basic && !service.stopsWhereUnavailable)
    return { want, strength: await moduleStrength(service, database, process), because };
  const unmet = {
    code: 'nss-missing',
    message: `${subject.path} looks up ${database}: its C library loads ${name} for that at run time, of its own version, and it is not there`,
    fix: `add ${name} of the same glibc, or build the program with glibc 2.34 or newer, which has "files" and "dns" built in`,
  } as const;
  const strength = subject.use === 'program' && basic && database === 'hosts' ? 'required' : 'recommended';
  return { want, strength, because, unmet };
}

async function moduleStrength(service: NssService, database: NssDatabase, { facts }: Process): Promise<Strength> {
  if (!LOCAL.includes(service.name)) return 'suggested';
  if (service.name !== 'db') return 'recommended';
  const map = await facts.files.resolve(`/var/lib/misc/${database}.db`);
  return map.kind === 'found' ? 'recommended' : 'suggested';
}

/** For `--nss-net`, where no program tells: the modules of a C library that does not have them built in. */
async function oldModules(facts: Facts): Promise<string[]> {
  const found: string[] = [];
  for (const dir of await libraryDirectories(facts)) {
    const libc = await facts.files.resolve(`${dir}/libc.so.6`);
    const elf = libc.kind === 'found' ? await facts.elf(libc.path) : undefined;
    if (elf === undefined || hasFilesAndDns(glibcVersion(elf))) continue;
    for (const name of ['libnss_files.so.2', 'libnss_dns.so.2']) {
      const module = await facts.files.resolve(`${dir}/${name}`);
      if (module.kind === 'found') found.push(`${dir}/${name}`);
    }
  }
  return found;
}

/** The directories that glibc is built to look into, Debian's multiarch ones included. */
async function libraryDirectories(facts: Facts): Promise<string[]> {
  const base = ['/lib', '/lib64', '/usr/lib', '/usr/lib64'];
  const physical = new Set<string>();
  for (const dir of base) {
    const found = await facts.files.resolve(dir);
    if (found.kind !== 'found') continue;
    physical.add(found.path);
    for (const name of (await facts.files.list(found.path)) ?? []) {
      if (/-linux-gnu\w*$/.test(name)) physical.add(`${found.path}/${name}`);
    }
  }
  return [...physical].sort();
}
