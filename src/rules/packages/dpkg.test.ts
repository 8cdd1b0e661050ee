import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { rootFiles, rootReader } from '../../system/disk-root.ts';
import { world } from '../testing.ts';
import { openPackages } from './open.ts';

const STATUS = `Package: app
Status: install ok installed
Architecture: amd64
Source: app-src (2:1.0)
Version: 2:1.0+b1
Depends: libx1 (>= 1) | libx0, data:any, virtual
Pre-Depends: libc6
Conffiles:
 /etc/app.conf 0123456789abcdef0123456789abcdef
 /etc/old.conf 0123456789abcdef0123456789abcdef obsolete

Package: app-data
Status: hold ok unpacked
Architecture: all
Source: app-src
Version: 2:1.0

Package: provider
Status: install ok installed
Architecture: all
Version: 3
Provides: virtual (= 3), other

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: libx1
Status: install ok triggers-pending
Architecture: amd64
Multi-Arch: same
Version: 1

Package: libx1
Status: install ok installed
Architecture: i386
Multi-Arch: same
Version: 1

Package: dpkg
Status: install ok installed
Architecture: amd64
Version: 1.21
`;

const FILES = {
  '/lib': '-> usr/lib',
  '/usr/lib/x': '/',
  '/etc/app.conf': 'x',
  '/etc/local.conf': 'x',
  '/usr/bin/app': 'x',
  '/usr/bin/app.real': 'x',
  '/var/lib/dpkg/status': STATUS,
  '/var/lib/dpkg/info/app.list': '/.\n/usr\n/usr/bin\n/usr/bin/app\n/etc/local.conf\n',
  '/var/lib/dpkg/info/app-data.list': '/.\n/usr/bin\n/usr/bin/app\n/usr/share/app\n/usr/share/app/x y',
  '/var/lib/dpkg/info/libx1:amd64.list': '/.\n/lib/libx.so.1\n/lib/x\n',
  '/var/lib/dpkg/info/libx1:i386.list': '/.\n/lib/i386-linux-gnu/libx.so.1\n',
  '/var/lib/dpkg/info/gone.list': '/etc/gone\n',
  '/var/lib/dpkg/diversions': '/usr/bin/app\n/usr/bin/app.real\napp-data\n',
} as const;

function facts(extra: Record<string, string> = {}) {
  return openPackages(world({ ...FILES, ...extra }).facts.files);
}

async function ownerName(path: string) {
  const owner = await (await facts()).owner(path);
  return owner && `${owner.name}:${owner.architecture}`;
}

describe('the status file', () => {
  test('gives what is installed, with dependencies of both kinds', async () => {
    const packages = await facts();
    expect(packages.kind).toBe('dpkg');
    const app = await packages.package('app');
    expect(app).toMatchObject({ name: 'app', version: '2:1.0+b1', architecture: 'amd64', source: 'app-src' });
    expect(app?.depends).toEqual(['libc6', 'libx1', 'libx0', 'data', 'virtual']);
    expect(await packages.package('gone')).toBeUndefined();
  });

  test('of several architectures gives that of dpkg, the others by their full name', async () => {
    const packages = await facts();
    expect((await packages.package('libx1'))?.architecture).toBe('amd64');
    expect((await packages.package('libx1:i386'))?.architecture).toBe('i386');
  });

  test('resolves virtual packages', async () => {
    expect((await (await facts()).package('virtual'))?.name).toBe('provider');
  });

  test('knows packages of one build, rebuilt for one architecture or not', async () => {
    const packages = await facts();
    expect((await packages.siblings('app')).map(({ name }) => name)).toEqual(['app', 'app-data']);
    expect((await packages.siblings('app-data')).map(({ name }) => name)).toEqual(['app-data', 'app']);
    expect((await packages.siblings('libx1')).map(({ architecture }) => architecture)).toEqual(['amd64']);
  });

  test('knows configuration files, without those given up', async () => {
    expect([...(await (await facts()).configurationOf('app'))]).toEqual(['/etc/app.conf']);
  });

  test('that is broken says where', async () => {
    await expect(facts({ '/var/lib/dpkg/status': 'Package: x\nnonsense\n' })).rejects.toThrow(/status: line 2/);
  });
});

describe('the owner', () => {
  test.each([
    ['/usr/share/app/x y', 'app-data:all'],
    ['/usr/share/app', 'app-data:all'],
    ['/usr/bin', 'app:amd64'],
    ['/etc/app.conf', 'app:amd64'],
    ['/etc/local.conf', undefined],
    ['/etc/gone', undefined],
    ['/usr/share/app/x', undefined],
    ['/usr/share', undefined],
  ])('of %s is %s', async (path, expected) => {
    expect(await ownerName(path)).toBe(expected);
  });

  test('is nobody of a link that scripts make, and the package of one that it ships', async () => {
    const links = {
      '/etc/alternatives/x': '-> /usr/bin/app',
      '/etc/shipped': '-> /usr/bin/app',
      '/var/lib/dpkg/info/app.list': '/etc/alternatives/x\n/etc/shipped\n',
    };
    const packages = await facts(links);
    expect(await packages.owner('/etc/alternatives/x')).toBeUndefined();
    expect((await packages.owner('/etc/shipped'))?.name).toBe('app');
  });

  test('is found under either spelling where /usr is merged', async () => {
    expect(await ownerName('/usr/lib/libx.so.1')).toBe('libx1:amd64');
    expect(await ownerName('/lib/libx.so.1')).toBe('libx1:amd64');
    expect(await ownerName('/usr/lib/x')).toBe('libx1:amd64');
    expect(await ownerName('/usr/lib/i386-linux-gnu/libx.so.1')).toBe('libx1:i386');
  });

  test('is not found under the other spelling where /usr is not merged', async () => {
    const { '/lib': _, ...unmerged } = FILES;
    const packages = await openPackages(world({ ...unmerged, '/lib/x': '/' }).facts.files);
    expect(await packages.owner('/usr/lib/libx.so.1')).toBeUndefined();
  });

  test('of a diverted file is the other package, of its name the one that diverted it', async () => {
    expect(await ownerName('/usr/bin/app')).toBe('app-data:all');
    expect(await ownerName('/usr/bin/app.real')).toBe('app:amd64');
    expect(await (await facts()).filesOf('app')).toContain('/usr/bin/app.real');
    expect(await (await facts()).filesOf('app-data')).toContain('/usr/bin/app');
  });

  test('stays the same after so many questions that an index is made', async () => {
    const packages = await facts();
    for (let i = 0; i < 40; i++) expect(await packages.owner(`/usr/share/nobody/${i}`)).toBeUndefined();
    expect((await packages.owner('/usr/share/app/x y'))?.name).toBe('app-data');
    expect((await packages.owner('/usr/lib/libx.so.1'))?.name).toBe('libx1');
    expect((await packages.owner('/usr/bin'))?.name).toBe('app');
  });
});

test('the files of a package are those of its list', async () => {
  const packages = await facts();
  expect(await packages.filesOf('app-data')).toEqual(
    ['/usr/bin', '/usr/bin/app', '/usr/share/app', '/usr/share/app/x y'].map((path) => path),
  );
  expect(await packages.filesOf('libx1:i386')).toEqual(['/lib/i386-linux-gnu/libx.so.1']);
  expect(await packages.filesOf('nobody')).toEqual([]);
});

test('distroless keeps a paragraph and a list of sums for each package', async () => {
  const { files } = world({
    '/var/lib/dpkg/status.d/libssl3': 'Package: libssl3\nVersion: 3.0\nArchitecture: amd64\nDepends: libc6\n',
    '/var/lib/dpkg/status.d/libssl3.md5sums': '0123456789abcdef0123456789abcdef  usr/lib/libssl.so.3\n',
    '/var/lib/dpkg/status.d/base': 'Package: base-files\nVersion: 12\nArchitecture: amd64\n',
  }).facts;
  const packages = await openPackages(files);
  expect((await packages.owner('/usr/lib/libssl.so.3'))?.version).toBe('3.0');
  expect(await packages.filesOf('libssl3')).toEqual(['/usr/lib/libssl.so.3']);
  expect(await packages.filesOf('base-files')).toEqual([]);
});

test('a root without a database has no packages', async () => {
  const packages = await openPackages(world({ '/bin/sh': 'x' }).facts.files);
  expect(packages.kind).toBeUndefined();
  expect(await packages.owner('/bin/sh')).toBeUndefined();
});

describe('on this machine', () => {
  const here = spawnSync('dpkg-query', ['--version']).status === 0;
  if (!here && process.env['CI']) throw new Error('dpkg-query is missing');
  if (!here) process.stderr.write('skipped: this machine has no dpkg-query\n');
  const files = rootFiles(rootReader('/'), undefined);

  test.skipIf(!here)('owners are those that dpkg-query tells', async () => {
    const packages = await openPackages(files);
    const names = readdirSync('/usr/bin')
      .filter((_, i) => i % 23 === 0)
      .map((name) => `/usr/bin/${name}`);
    // dpkg-query does not tell who has a diverted file, and takes these characters for patterns.
    const diverted = new Set(readFileSync('/var/lib/dpkg/diversions', 'utf8').split('\n'));
    const paths = [...names, ...sampleOfLists()].filter(
      (path) => !lstatSync(path).isDirectory() && !/[*?[\\]/.test(path) && !diverted.has(path),
    );
    expect(paths.length).toBeGreaterThan(50);
    const owners = Object.fromEntries(
      await Promise.all(paths.map(async (path) => [path, (await packages.owner(path))?.name])),
    );
    expect(owners).toEqual(askDpkg(paths));
  });

  test.skipIf(!here)('lists of files are those that dpkg-query tells', async () => {
    const packages = await openPackages(files);
    for (const name of ['libc6', 'bash', 'coreutils']) {
      const { stdout } = spawnSync('dpkg-query', ['--listfiles', name], { encoding: 'utf8' });
      const told = stdout.split('\n').filter((line) => line.startsWith('/') && line !== '/.');
      expect(await packages.filesOf(name)).toEqual(told);
    }
  });
});

/** One path out of each of some lists. */
function sampleOfLists(): string[] {
  const directory = '/var/lib/dpkg/info';
  const lists = readdirSync(directory).filter((name, i) => name.endsWith('.list') && i % 11 === 0);
  const last = lists.map((name) => readFileSync(`${directory}/${name}`, 'utf8').trimEnd().split('\n').at(-1) ?? '');
  return last.filter((path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined);
}

/** Path → owner, asked for by either spelling of a merged /usr; diversions come as a line of their own. */
function askDpkg(paths: readonly string[]): Record<string, string | undefined> {
  const unmerged = (path: string) => path.replace(/^\/usr(?=\/(?:bin|sbin|lib\w*)\/)/, '');
  const all = paths.flatMap((path) => [path, unmerged(path)]);
  const env = { ...process.env, LC_ALL: 'C' };
  const { stdout } = spawnSync('dpkg-query', ['--search', ...all], { encoding: 'utf8', env, maxBuffer: 1 << 28 });
  const owners = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const [, names, path] = /^(?!diversion)([^/]+): (\/.*)$/.exec(line) ?? [];
    if (names !== undefined && path !== undefined) owners.set(path, names.split(/[:,]/, 1)[0] as string);
  }
  return Object.fromEntries(paths.map((path) => [path, owners.get(path) ?? owners.get(unmerged(path))]));
}
