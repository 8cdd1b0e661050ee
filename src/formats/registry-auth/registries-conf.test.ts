import { describe, expect, test } from 'vitest';
import { ImageError } from '../../base/errors.ts';
import { mergeRegistriesConf, parseRegistriesConf, type RegistriesConf } from './registries-conf.ts';
import { destinationOf, type RegistryNamed, routeOf } from './route.ts';

const conf = (text: string): RegistriesConf => parseRegistriesConf(Buffer.from(text), 'registries.conf');

/** `host/repository[:tag][@digest]` */
function named(text: string): RegistryNamed {
  const [, host = '', repository = '', tag, digest] =
    /^([^/]+)(?:\/([^:@]*)(?::([^@]*))?(?:@(.*))?)?$/.exec(text) ?? [];
  return { host, repository, tag, digest };
}

/** Where a name is looked for, one word each, in order. */
function places(file: RegistriesConf, text: string): string[] {
  return routeOf(file, named(text)).map(({ host, repository, insecure, pulls }) =>
    [`${host}/${repository}`, ...(insecure ? ['insecure'] : []), ...(pulls === 'all' ? [] : [pulls])].join(' '),
  );
}

/** The example of the manual page, with the host it means. */
const MANUAL = conf(`
unqualified-search-registries = ["example.com"]

[[registry]]
prefix = "example.com/foo"
insecure = false
blocked = false
location = "internal-registry-for-example.com/bar"

[[registry.mirror]]
location = "example-mirror-0.local/mirror-for-foo"

[[registry.mirror]]
location = "example-mirror-1.local/mirrors/foo"
insecure = true

[[registry]]
location = "registry.com"

[[registry.mirror]]
location = "mirror.registry.com"
`);

describe('where a name is looked for', () => {
  test.each([
    [
      'example.com/foo/image:latest',
      [
        'example-mirror-0.local/mirror-for-foo/image',
        'example-mirror-1.local/mirrors/foo/image insecure',
        'internal-registry-for-example.com/bar/image',
      ],
    ],
    ['example.com/foobar', ['example.com/foobar']],
    ['registry.com/image:latest', ['mirror.registry.com/image', 'registry.com/image']],
    ['registry.com:5000/image', ['registry.com:5000/image']],
    ['registry.com.evil.test/image', ['registry.com.evil.test/image']],
  ])('as the manual page has it: %s', (name, expected) => {
    expect(places(MANUAL, name)).toEqual(expected);
  });

  const file = conf(`
[[registry]]
location = "a.example"
[[registry]]
prefix = "a.example/team"
location = "b.example:5000/t/"
insecure = true
[[registry]]
prefix = "a.example/team/app:v1"
location = "c.example/pinned:v1"
[[registry]]
prefix = "*.wild.example"
blocked = true
[[registry]]
prefix = "*.moved.example"
location = "d.example/cache"
[[registry]]
prefix = "ok.wild.example"
location = "ok.wild.example"
[[registry]]
prefix = "hub.example"
location = "docker.io"
[[registry]]
prefix = "docker.io/library/redis"
location = "e.example/redis"
`);

  test.each([
    ['a.example/x', 'a.example/x'],
    ['a.example/team/x/y', 'b.example:5000/t/x/y insecure'],
    ['a.example/team', 'b.example:5000/t insecure'],
    ['a.example/teams', 'a.example/teams'],
    ['a.example/team/app:v1', 'c.example/pinned'],
    ['a.example/team/app:v2', 'b.example:5000/t/app insecure'],
    ['x.y.moved.example:8000/app', 'd.example/cache/app'],
    ['moved.example/app', 'moved.example/app'],
    ['hub.example/redis', 'docker.io/library/redis'],
    ['hub.example/me/app', 'docker.io/me/app'],
    ['docker.io/library/redis', 'e.example/redis'],
    ['docker.io/library/redis2', 'docker.io/library/redis2'],
    ['ok.wild.example/a', 'ok.wild.example/a'],
    ['a.example', 'a.example/'],
  ])('the longest prefix: %s is %s', (name, expected) => {
    expect(places(file, name)).toEqual([expected]);
  });

  test('blocked', () => {
    const error = thrown(() => places(file, 'x.wild.example:5000/a'));
    expect(error.code).toBe('DENIED');
    expect(error.message).toContain('*.wild.example');
    expect(() => places(file, 'x.wild.example')).toThrow(ImageError);
  });

  test('what a mirror may be asked for', () => {
    const mirrors = conf(`
[[registry]]
location = "a.example"
[[registry.mirror]]
location = "m1.example"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "m2.example"
pull-from-mirror = "tag-only"
[[registry.mirror]]
location = "m3.example"
pull-from-mirror = "all"
[[registry]]
location = "b.example"
mirror-by-digest-only = true
mirror = [{ location = "m4.example" }]
`);
    expect(places(mirrors, 'a.example/x')).toEqual([
      'm1.example/x digest-only',
      'm2.example/x tag-only',
      'm3.example/x',
      'a.example/x',
    ]);
    expect(places(mirrors, 'b.example/x')).toEqual(['m4.example/x digest-only', 'b.example/x']);
  });

  test('what is written goes where its name says', () => {
    const to = (text: string) => destinationOf(file, named(text));
    const plain = { insecure: false, pulls: 'all' };
    expect(to('a.example/team/x')).toEqual({ ...plain, host: 'a.example', repository: 'team/x', insecure: true });
    expect(to('a.example/x')).toEqual({ ...plain, host: 'a.example', repository: 'x' });
    expect(to('hub.example/redis')).toEqual({ ...plain, host: 'hub.example', repository: 'redis' });
    expect(() => to('x.wild.example/a')).toThrow(/blocks \*.wild.example/);
  });

  test('a location that makes no name', () => {
    const moved = conf('[[registry]]\nprefix = "a.example"\nlocation = "B.example/UP"\n');
    expect(thrown(() => places(moved, 'a.example/x')).message).toMatch(/moves a.example to B.example\/UP\/x/);
  });
});

test('several files: a table replaces one of its prefix, a list the list', () => {
  const merged = mergeRegistriesConf([
    conf('credential-helpers = ["a"]\n[[registry]]\nlocation = "a.example"\ninsecure = true\n'),
    conf('[[registry]]\nprefix = "a.example"\nlocation = "b.example"\n[[registry]]\nlocation = "c.example"\n'),
    conf('credential-helpers = ["containers-auth.json", "b"]\n'),
  ]);
  expect(merged.credentialHelpers).toEqual(['containers-auth.json', 'b']);
  expect(places(merged, 'a.example/x')).toEqual(['b.example/x']);
  expect(merged.registries.map((table) => table.prefix)).toEqual(['a.example', 'c.example']);
  expect(mergeRegistriesConf([]).registries).toEqual([]);
});

test('version 1', () => {
  const old = conf(`
[registries.search]
registries = ['registry1.com']
[registries.insecure]
registries = ['registry3.com', 'both.example']
[registries.block]
registries = ['registry.untrusted.com', 'both.example/']
`);
  expect(places(old, 'registry3.com/x')).toEqual(['registry3.com/x insecure']);
  expect(() => places(old, 'registry.untrusted.com/x')).toThrow(/blocks/);
  expect(() => places(old, 'both.example/x')).toThrow(/blocks/);
  expect(places(old, 'registry1.com/x')).toEqual(['registry1.com/x']);
});

test('short names are not its business', () => {
  const file = conf(
    'short-name-mode = "enforcing"\nunqualified-search-registries = ["x"]\n[aliases]\n"redis" = "x/y"\n',
  );
  expect(file).toEqual({ registries: [], credentialHelpers: undefined });
});

test.each([
  ['[[registry]]', /neither prefix nor location/],
  ['[[registry]]\nprefix = "a"', /"a" has no location/],
  ['[[registry]]\nlocation = "https://a.example"', /has a scheme/],
  ['[[registry]]\nlocation = ""', /is no HOST/],
  ['[[registry]]\nlocation = "///"', /is no HOST/],
  ['[[registry]]\nlocation = "a b"', /is no HOST/],
  ['[[registry]]\nlocation = 7', /location is not a string/],
  ['[[registry]]\nlocation = "a"\ninsecure = "yes"', /insecure is not true or false/],
  ['[[registry]]\nprefix = "a.*.example"\nlocation = "b"', /wildcard/],
  ['[[registry]]\nprefix = "*.example/x"\nlocation = "b"', /wildcard/],
  ['[[registry]]\nlocation = "a"\npull-from-mirror = "all"', /belongs into/],
  ['[[registry]]\nlocation = "a"\n[[registry.mirror]]', /mirror of "a" has no location/],
  ['[[registry]]\nlocation = "a"\nmirror = [{location = "b", pull-from-mirror = "x"}]', /it can be all/],
  [
    '[[registry]]\nlocation = "a"\nmirror-by-digest-only = true\nmirror = [{location = "b", pull-from-mirror = "all"}]',
    /one of them/,
  ],
  ['registry = "a"', /write \[\[registry\]\]/],
  ['credential-helpers = "a"', /a list of strings/],
  ['[registries.search]\nregistries = []\n[[registry]]\nlocation = "a"', /mixes version 1/],
  ['a = \n', /line 1: /],
  [`a = ${'['.repeat(100_000)}`, /registries.conf: /],
  ['\u{0}', /registries.conf: /],
])('refuses %j', (text, message) => {
  const error = thrown(() => conf(text));
  expect(error.code).toBe('INVALID');
  expect(error.message).toMatch(message);
  expect(error.message).not.toContain('\n');
});

function thrown(run: () => unknown): ImageError {
  try {
    run();
  } catch (error) {
    if (error instanceof ImageError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
