import { describe, expect, test } from 'vitest';
import { nss } from './nss.ts';
import { databasesAsked, NSS_DATABASES } from './nss-databases.ts';
import { type ElfFile, lines, type Sketch, type WorldOptions, world } from './testing.ts';

const ABI_TAG = { owner: 'GNU', type: 1, desc: new Uint8Array(16) };

async function asked(elf: ElfFile, files: Record<string, Sketch> = {}, options: WorldOptions = {}) {
  const { facts, subject } = world({ '/bin/p': elf, '/lib/libc.so.6': { soname: 'libc.so.6' }, ...files }, options);
  return lines((await nss.file?.(await subject('/bin/p'), facts)) ?? []);
}

describe('databases', () => {
  test('every database has functions that ask it, the reentrant ones too', () => {
    const functions =
      'getaliasbyname ether_hostton getgrnam_r gethostbyname2_r innetgr getnetbyname getpwuid_r getprotobyname getrpcbyname getservbyport_r getspnam';
    expect([...databasesAsked(functions.split(' ')).keys()]).toEqual([...NSS_DATABASES]);
  });

  test('getaddrinfo asks hosts and services, and other functions ask nothing', () => {
    expect([...databasesAsked(['getaddrinfo', 'printf', 'getpwnam2'])]).toEqual([
      ['hosts', ['getaddrinfo']],
      ['services', ['getaddrinfo']],
    ]);
  });
});

describe('a dynamic program', () => {
  test('of a new glibc needs no module, but the files', async () => {
    expect(await asked({ symbols: ['getaddrinfo'] })).toEqual([
      'recommended path /etc/host.conf',
      'recommended path /etc/nsswitch.conf',
      'recommended path /etc/services (services-missing)',
    ]);
  });

  test('of an old glibc needs the modules and the switch', async () => {
    expect(await asked({ symbols: ['gethostbyname'] }, {}, { libcVersion: '2.31' })).toEqual([
      'recommended path /etc/host.conf',
      'recommended path /etc/nsswitch.conf (nss-missing)',
      'required library libnss_dns.so.2 (nss-missing)',
      'required library libnss_files.so.2 (nss-missing)',
    ]);
  });

  test('that looks up users gets root and nobody, never shadow', async () => {
    expect(await asked({ symbols: ['getpwnam', 'getgrgid', 'getspnam'] })).toEqual([
      'recommended group root',
      'recommended path /etc/nsswitch.conf',
      'recommended user nobody',
      'recommended user root (nss-missing)',
    ]);
  });

  test('asks for the modules that the switch names for its databases, as far as they answer inside an image', async () => {
    const nsswitch =
      'passwd: compat systemd\nhosts: files mdns4 [UNAVAIL=return] dns\ngroup: ldap\nservices: db files\n';
    expect(await asked({ symbols: ['getpwnam', 'getaddrinfo'] }, { '/etc/nsswitch.conf': nsswitch })).toEqual([
      'recommended library libnss_compat.so.2',
      'recommended library libnss_mdns4.so.2 (nss-missing)',
      'recommended path /etc/host.conf',
      'recommended path /etc/nsswitch.conf',
      'recommended path /etc/services (services-missing)',
      'recommended user nobody',
      'recommended user root (nss-missing)',
      'suggested library libnss_db.so.2',
      'suggested library libnss_systemd.so.2',
    ]);
  });

  test('takes gai.conf only where it says something', async () => {
    const at = async (text: string) => await asked({ symbols: ['getaddrinfo'] }, { '/etc/gai.conf': text });
    expect(await at('# label ::1/128 0\n\n')).not.toContain('recommended path /etc/gai.conf');
    expect(await at('precedence ::ffff:0:0/96 100\n')).toContain('recommended path /etc/gai.conf');
  });

  test('never asks for what the runtime supplies or nobody may have', async () => {
    const every = {
      symbols: NSS_DATABASES.flatMap(() => ['getaddrinfo', 'getspnam', 'getpwnam', 'getnetent', 'getrpcent']),
    };
    const all = await asked(every, {}, { libcVersion: '2.31' });
    for (const path of ['resolv.conf', '/etc/hosts', 'hostname', 'shadow']) expect(all.join('\n')).not.toContain(path);
  });

  test('of musl reads its files without a switch', async () => {
    expect(await asked({ symbols: ['getaddrinfo', 'getprotobyname', 'getpwnam'] }, {}, { libc: 'musl' })).toEqual([
      'recommended path /etc/services (services-missing)',
      'recommended user nobody',
      'recommended user root (nss-missing)',
    ]);
  });

  test('that only prints names of ports is not missed its services', async () => {
    expect(await asked({ symbols: ['getnameinfo'] })).toContain('recommended path /etc/services');
  });
});

describe('a static program', () => {
  test('of glibc, not stripped', async () => {
    const elf: ElfFile = {
      linked: 'static',
      notes: [ABI_TAG],
      symbols: ['getaddrinfo'],
      strings: ['_nss_files_gethostbyname4_r'],
    };
    expect(await asked(elf)).toEqual([
      'recommended path /etc/host.conf',
      'recommended path /etc/nsswitch.conf',
      'recommended path /etc/services (services-missing)',
    ]);
  });

  test('of glibc, stripped: what its look-ups carry tells', async () => {
    const strings = ['__nss_passwd_lookup2', '/etc/gai.conf', '/etc/services', '_nss_files_gethostbyname4_r'];
    expect(await asked({ linked: 'static', notes: [ABI_TAG], strings })).toEqual([
      'recommended path /etc/host.conf',
      'recommended path /etc/nsswitch.conf',
      'recommended path /etc/services (services-missing)',
      'recommended user nobody',
      'recommended user root (nss-missing)',
    ]);
  });

  test('of an old glibc loads modules of its own version at run time', async () => {
    const strings = ['/etc/gai.conf', 'libnss_%s.so%s', 'GLIBC_TUNABLES'];
    const all = await asked({ linked: 'static', strings });
    expect(all).toContain('required library libnss_files.so.2 (nss-missing)');
    expect(all).toContain('required library libnss_dns.so.2 (nss-missing)');
  });

  test('of musl, by the paths it carries', async () => {
    expect(await asked({ linked: 'static', strings: ['/etc/hosts', '/etc/services', '/etc/passwd'] })).toEqual([
      'recommended path /etc/services (services-missing)',
      'recommended user nobody',
      'recommended user root (nss-missing)',
    ]);
  });
});

test('a program that looks up nothing wants nothing, nor does the C library itself', async () => {
  expect(await asked({ symbols: ['printf'] })).toEqual([]);
  const { facts, subject } = world({ '/lib/libc.so.6': { soname: 'libc.so.6', symbols: ['getpwnam'] } });
  expect(await nss.file?.(await subject('/lib/libc.so.6', { program: '/bin/p' }), facts)).toEqual([]);
});

test('--nss-net takes the files of name resolution, and modules only of a libc that needs them', async () => {
  const { facts } = world({ '/etc/services': 'http 80/tcp\n' });
  expect(lines((await nss.forced?.(facts)) ?? [])).toEqual([
    'recommended path /etc/host.conf',
    'recommended path /etc/networks',
    'recommended path /etc/nsswitch.conf',
    'recommended path /etc/protocols',
    'recommended path /etc/rpc',
    'recommended path /etc/services',
  ]);
});
