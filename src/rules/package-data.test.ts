import { describe, expect, test } from 'vitest';
import { packageData } from './package-data.ts';
import { lines, type Sketch, type WorldOptions, world } from './testing.ts';

type Sketches = Readonly<Record<string, Sketch>>;

async function wanted(program: string, sketches: Sketches, options: Partial<WorldOptions> = {}) {
  const packages = options.packages ?? { pkg: Object.keys(sketches) };
  const { facts, subject } = world(sketches, { packages, ...options });
  return lines((await packageData.file?.(await subject(program), facts)) ?? []);
}

/** As large as it says. */
function data(size: number): string {
  return 'x'.repeat(size);
}

describe('data', () => {
  const PROGRAM = '/usr/bin/edit';
  const SHIPPED = {
    '/etc/edit/editrc': 'set x',
    '/usr/share/edit/9.0/menu.ed': 'source extra/more.ed',
    '/usr/share/edit/9.0/extra/more.ed': 'source extra/huge.ed',
    '/usr/share/edit/9.0/extra/huge.ed': data(200_000),
    '/usr/share/edit/9.0/plugin/a.ed': '',
    '/usr/share/edit/9.0/syntax/manual.ed': '',
    '/usr/share/edit/9.0/syntax/cobol.ed': data(100_000),
    '/usr/share/doc/edit/menu.ed': '',
    '/usr/share/man/man1/edit.1.gz': '',
    '/usr/share/locale/de/LC_MESSAGES/edit.mo': '',
    '/usr/include/edit.h': '',
    '/usr/lib/systemd/system/edit.service': '',
  };
  const strings = ['/etc/edit/editrc', '/usr/share/edit', '$RT/menu.ed', '%s/plugin/**/*.ed', 'syntax/%s.ed', 'manual'];
  const strong = (all: readonly string[]) => all.filter((line) => !line.startsWith('suggested'));

  test('that the program names comes, and what such a file names; documentation never', async () => {
    const all = await wanted(PROGRAM, { [PROGRAM]: { strings }, ...SHIPPED });
    expect(strong(all)).toEqual([
      'recommended path /etc/edit/editrc (data-missing)',
      'recommended path /usr/share/edit/9.0/extra/more.ed (data-missing)',
      'recommended path /usr/share/edit/9.0/menu.ed (data-missing)',
      'recommended path /usr/share/edit/9.0/plugin/a.ed (data-missing)',
      'recommended path /usr/share/edit/9.0/syntax/manual.ed (data-missing)',
    ]);
  });

  test('for which only a pattern speaks is suggested as one tree', async () => {
    const all = await wanted(PROGRAM, { [PROGRAM]: { strings }, ...SHIPPED });
    expect(all.filter((line) => line.startsWith('suggested'))).toEqual(['suggested tree /usr/share/edit']);
  });

  test('in a directory that is named comes as a whole while it is small', async () => {
    const small = { '/usr/share/edit/a': data(1000), '/usr/share/edit/b/c': data(1000) };
    const program = { [PROGRAM]: { strings: ['/usr/share/edit'] } };
    expect(await wanted(PROGRAM, { ...program, ...small })).toEqual([
      'recommended path /usr/share/edit/a (data-missing)',
      'recommended path /usr/share/edit/b/c (data-missing)',
    ]);
    const large = { ...small, '/usr/share/edit/d': data(70_000) };
    expect(await wanted(PROGRAM, { ...program, ...large })).toEqual(['suggested tree /usr/share/edit']);
  });

  test('below /usr may be named without that', async () => {
    const all = await wanted(PROGRAM, {
      [PROGRAM]: { strings: ['share/edit/templates'] },
      '/usr/share/edit/templates/a': '',
    });
    expect(all).toEqual(['recommended path /usr/share/edit/templates/a (data-missing)']);
  });

  test('may be named without its extension', async () => {
    const sketches = {
      [PROGRAM]: { strings: ['/etc/magic:/usr/share/misc/magic'] },
      '/usr/share/misc/magic.mgc': data(9),
    };
    expect(await wanted(PROGRAM, sketches)).toEqual(['recommended path /usr/share/misc/magic.mgc (data-missing)']);
  });

  test('of configuration comes by name, and fragments as a directory', async () => {
    const sketches = {
      [PROGRAM]: { strings: ['/etc/edit', 'edit.conf', '/etc/edit/conf.d'] },
      '/etc/edit/edit.conf': '',
      '/etc/edit/other.conf': '',
      '/etc/edit/conf.d/10-a.conf': '',
    };
    expect(await wanted(PROGRAM, sketches)).toEqual([
      'recommended path /etc/edit/conf.d/10-a.conf (data-missing)',
      'recommended path /etc/edit/edit.conf (data-missing)',
      'suggested tree /etc/edit',
    ]);
  });

  test('is found under either spelling where /usr is merged', async () => {
    const { facts, subject } = world(
      { [PROGRAM]: { strings: ['/lib/edit'] }, '/lib': '-> usr/lib', '/usr/lib/edit/a': '' },
      { packages: { pkg: [PROGRAM, '/lib/edit/a'] } },
    );
    const all = (await packageData.file?.(await subject(PROGRAM), facts)) ?? [];
    expect(lines(all)).toEqual(['recommended path /lib/edit/a (data-missing)']);
  });

  test('of a program that no package has, or that says nothing, is nobody’s', async () => {
    expect(
      await wanted(PROGRAM, { [PROGRAM]: { strings: ['/usr/share/edit'] }, '/usr/share/edit/a': '' }, { packages: {} }),
    ).toEqual([]);
    expect(await wanted(PROGRAM, { [PROGRAM]: {}, '/usr/share/edit/a': '' })).toEqual([]);
  });

  test('of the C library is for other rules', async () => {
    const libc = { soname: 'libc.so.6', strings: ['/usr/share/i18n/x'] };
    expect(await wanted('/lib/libc.so.6', { '/lib/libc.so.6': libc, '/usr/share/i18n/x': '' })).toEqual([]);
  });
});

test('without a database, configuration that is named and there is taken', async () => {
  const program = '/usr/sbin/serve';
  const { facts, subject } = world({
    [program]: {
      strings: [
        '/etc/serve',
        'serve.conf',
        '/etc/other/x.conf',
        '/etc/gone/y.conf',
        '/etc/ssl/openssl.cnf',
        '/etc/passwd',
      ],
    },
    '/etc/serve/serve.conf': '',
    '/etc/serve/unnamed.conf': '',
    '/etc/other/x.conf': '',
    '/etc/ssl/openssl.cnf': '',
    '/etc/passwd': '',
  });
  expect(lines((await packageData.file?.(await subject(program), facts)) ?? [])).toEqual([
    'recommended path /etc/other/x.conf',
    'recommended path /etc/serve/serve.conf',
  ]);
});

describe('helper programs', () => {
  const PROGRAM = '/usr/bin/vcs';
  const strings = ['/usr/lib/vcs', 'remote-%s', 'vcs-shell', 'vcs-script', '/usr/lib/vcs/vcs-key', 'vcs-add'];

  test('come where the program makes their names and they are not for people', async () => {
    const all = await wanted(PROGRAM, {
      [PROGRAM]: { strings },
      '/usr/lib/vcs/vcs-remote-http': {},
      '/usr/lib/vcs/vcs-shell': {},
      '/usr/lib/vcs/vcs-daemon': {},
      '/usr/lib/vcs/vcs-script': '#!/bin/sh\n',
      '/usr/lib/vcs/vcs-add': '-> ../../bin/vcs',
      '/usr/lib/vcs/vcs-key': { mode: 0o4755, text: 'x' },
      '/usr/share/man/man1/vcs-shell.1.gz': '',
    });
    expect(all).toEqual([
      'recommended path /usr/lib/vcs/vcs-add',
      'recommended path /usr/lib/vcs/vcs-remote-http',
      'suggested path /usr/lib/vcs/vcs-daemon',
      'suggested path /usr/lib/vcs/vcs-key',
      'suggested path /usr/lib/vcs/vcs-script',
      'suggested path /usr/lib/vcs/vcs-shell',
    ]);
  });
});
