import { spawnSync } from 'node:child_process';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rootFiles, rootReader } from '../system/disk-root.ts';
import { createFacts } from './facts.ts';
import { reachModules } from './perl/graph.ts';
import { findLoads } from './perl/imports.ts';
import { findInstallation } from './perl/installation.ts';
import { IMPLICIT } from './perl/library.ts';
import { perl } from './perl.ts';
import { lines, type Sketch, type WorldOptions, world } from './testing.ts';

describe('what a source file loads', () => {
  test.each([
    ['use strict; use List::Util qw(sum);', ['strict.pm', 'List/Util.pm']],
    ['require File::Spec;\nno warnings;', ['File/Spec.pm', 'warnings.pm']],
    ["require 'lib/old.pl';", ['lib/old.pl']],
    ['use parent -norequire, "A::B", qw(C D);', ['parent.pm', 'A/B.pm', 'C.pm', 'D.pm']],
    ['eval { require JSON::XS; 1 } or require JSON::PP;', ['JSON/XS.pm', 'JSON/PP.pm']],
    ["my $ok = eval 'use Optional; 1';", ['Optional.pm']],
    ['use 5.010;\nuse v5.36;', []],
    ['=pod\n\nuse Documented;\n\n=cut\nuse Real;', ['Real.pm']],
    ['use Real;\n__END__\nuse Behind;', ['Real.pm']],
    ['# use Commented;\nuse Real; # require Other', ['Real.pm']],
    ['print "we use Tools";', []],
  ])('%j', (source, files) => {
    expect(findLoads(source).files).toEqual(files);
  });

  test('names that are computed', () => {
    expect(findLoads('require $module;').dynamic).toBe(true);
    expect(findLoads('eval "require $class";').dynamic).toBe(true);
    expect(findLoads('require "File/Spec/$module.pm";')).toMatchObject({ dynamic: false, choices: ['File/Spec'] });
    expect(findLoads('require $m; $m = "Net::HTTP";').named).toEqual(['Net/HTTP.pm']);
  });
});

const CORE = '/usr/share/perl/5.36';
const SYSTEM: Readonly<Record<string, Sketch>> = {
  '/usr/bin/perl': {
    strings: ['PERL5LIB', '@INC contains', "Can't locate %s", '/etc/perl', CORE, '/usr/share/perl5', 'end'],
  },
  [CORE]: '-> 5.36.0',
  '/usr/share/perl/5.36.0/strict.pm': '',
  '/usr/share/perl/5.36.0/POSIX.pm': 'use XSLoader; XSLoader::load(); require AutoLoader;',
  '/usr/share/perl/5.36.0/auto/POSIX/POSIX.so': { soname: 'x' },
  '/usr/share/perl/5.36.0/auto/DB_File/DB_File.so': { soname: 'x' },
  '/usr/share/perl/5.36.0/XSLoader.pm': '',
  '/usr/share/perl5/App/Own.pm': 'use POSIX;',
};

async function wanted(path: string, sketches: Readonly<Record<string, Sketch>> = {}, options: WorldOptions = {}) {
  const { facts, subject } = world({ ...SYSTEM, ...sketches }, options);
  const own = (await perl.file?.(await subject(path), facts)) ?? [];
  return lines([...own, ...((await perl.image?.(facts)) ?? [])]);
}

describe('an interpreter', () => {
  test('has the modules that come with it, by the way that it goes', async () => {
    expect(await wanted('/usr/bin/perl')).toEqual([
      `recommended path /usr/share/perl/5.36.0/auto/POSIX/POSIX.so`,
      `recommended tree ${CORE}`,
      `suggested path /usr/share/perl/5.36.0/auto/DB_File/DB_File.so`,
    ]);
  });

  test('that only runs a script is told of by that', async () => {
    const config = { Entrypoint: ['/app/x.pl'] };
    expect(await wanted('/usr/bin/perl', { '/app/x.pl': '#!/usr/bin/perl\n' }, { config })).toContain(
      `suggested tree ${CORE}`,
    );
  });

  test('is no other program', async () => {
    expect(await wanted('/usr/bin/other', { '/usr/bin/other': { strings: ['/usr/share/perl5'] } })).toEqual([]);
  });
});

test('a script has what it loads, with compiled parts', async () => {
  const all = await wanted('/app/x.pl', { '/app/x.pl': '#!/usr/bin/perl\nuse App::Own; use Missing::One;\n' });
  expect(all).toEqual(
    [
      `recommended path ${CORE}/POSIX.pm`,
      `recommended path ${CORE}/XSLoader.pm`,
      `recommended path ${CORE}/auto/POSIX/POSIX.so`,
      `recommended path ${CORE}/strict.pm`,
      'recommended path /usr/share/perl5/App/Own.pm',
      'recommended path /usr/share/perl5/Missing/One.pm (data-missing)',
      `recommended tree ${CORE}/auto/POSIX`,
    ].sort(),
  );
});

describe('on this machine', () => {
  const here = spawnSync('/usr/bin/perl', ['-e', '1']).status === 0;
  if (!here && process.env['CI']) throw new Error('/usr/bin/perl is missing');
  if (!here) process.stderr.write('skipped: this machine has no /usr/bin/perl\n');

  test.skipIf(!here)('a script reaches at least the modules that Perl loads for it', async () => {
    using directory = mkdtempDisposableSync('/tmp/pare-perl-');
    const script = join(directory.path, 'x.pl');
    const text = `use strict; use warnings; use POSIX; use Data::Dumper; use File::Temp; use JSON::PP; use IO::Socket::INET; use Encode;
binmode STDOUT, ':encoding(UTF-8)'; my $json = JSON::PP->new; $json->decode('[1.5]'); my @l = glob '/etc/host*';
print "$_\\n" for values %INC;\n`;
    writeFileSync(script, text);
    const { stdout } = spawnSync('/usr/bin/perl', [script], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } });
    const platform = { os: 'linux', architecture: 'amd64' };
    const facts = createFacts(rootFiles(rootReader('/'), undefined), { config: {}, platform, cpu: 'baseline' });
    const interpreter = await facts.files.resolve('/usr/bin/perl');
    if (interpreter.kind === 'missing') throw new Error('/usr/bin/perl');
    const { directories } = await findInstallation(interpreter.path, facts);
    const { sources } = await reachModules(script, IMPLICIT, directories, facts);
    const reached = new Set([...sources.values()].map(({ as }) => as));
    const loaded = stdout.split('\n').filter((path) => path.startsWith('/'));
    expect(loaded.length).toBeGreaterThan(30);
    expect(loaded.filter((path) => !reached.has(path))).toEqual([]);
  });
});
