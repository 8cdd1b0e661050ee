import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sharedFixture } from '../../../test/shared.ts';
import type { Digest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import {
  familiarRepository,
  formatNamed,
  isDomain,
  isIdentifier,
  parseNamed,
  repositoryOf,
  withDefaultTag,
} from './docker.ts';
import { describeReference, parseReference } from './parse.ts';

/** Values that Go computes are kept in the fixtures as expressions; the few forms that occur are evaluated here. */
function value(raw: unknown): string {
  if (raw === undefined) return '';
  if (typeof raw === 'string') return raw;
  const expression = (raw as { $go: string }).$go;
  const call = /^strings\.Repeat\("(.+)", (\d+)\)$/.exec(expression);
  if (call !== null) return (call[1] as string).repeat(Number(call[2]));
  const digest = /^digestReference\("(.+)"\)$/.exec(expression);
  if (digest !== null) return digest[1] as string;
  const parts = expression.match(/\{.*\}|"[^"]*"/g) ?? [];
  return parts.map((part) => value(JSON.parse(part))).join('');
}

type Row = Record<string, unknown> & { err?: unknown };

function rows(name: string): Row[] {
  return JSON.parse(readFileSync(`${fixtures}/${name}.json`, 'utf8'));
}

const fixtures = sharedFixture('distribution-reference');

describe.skipIf(fixtures === undefined)('the tables of distribution/reference', () => {
  const tables: string[] = [];
  const table = (name: string, run: (row: Row) => void) => {
    tables.push(name);
    test(name, () => {
      const all = rows(name);
      expect(all.length).toBeGreaterThan(0);
      for (const row of all) run(row);
    });
  };

  /** The tables of the bare grammar, read with the normalisation: a name that has no registry gets Docker's. */
  const inFull = (repository: string) => [repository, `docker.io/${repository}`, `docker.io/library/${repository}`];

  table('TestReferenceParse', (row) => {
    const input = value(row['input']);
    if (row.err !== undefined) return expect(() => parseNamed(input), input).toThrow(ImageError);
    const named = parseNamed(input);
    expect(inFull(value(row['repository'])), input).toContain(repositoryOf(named));
    expect({ tag: named.tag, digest: named.digest }).toEqual({ tag: row['tag'], digest: row['digest'] });
  });

  table('TestSerialization', (row) => {
    const input = value(row['input']);
    if (row.err !== undefined) return expect(() => parseNamed(input)).toThrow(ImageError);
    const named = parseNamed(input);
    expect({ name: repositoryOf(named), tag: named.tag, digest: named.digest }).toEqual({
      name: row['name'],
      tag: row['tag'],
      digest: row['digest'],
    });
    expect(formatNamed(named)).toBe(input);
  });

  table('TestSplitHostname', (row) => {
    const { domain, path } = parseNamed(value(row['input']));
    expect({ domain, name: path }).toEqual({ domain: row['domain'] || 'docker.io', name: row['name'] });
  });

  table('TestNormalizedSplitHostname', (row) => {
    const { domain, path } = parseNamed(value(row['input']));
    expect({ domain, name: path }).toEqual({ domain: row['domain'], name: row['name'] });
  });

  table('TestParseNamed', (row) => {
    const input = value(row['input']);
    const named = parseNamed(input);
    if (row.err !== undefined) return expect(repositoryOf(named), 'not canonical as given').not.toBe(input);
    expect({ domain: named.domain, name: named.path }).toEqual({ domain: row['domain'], name: row['name'] });
  });

  table('TestParseAnyReference', (row) => {
    const input = value(row['Reference']);
    const parsed = parseReference(input);
    if (parsed.kind !== 'store') throw new Error(`${input} is no name`);
    const text = parsed.named === undefined ? (parsed.digest as string) : formatNamed(parseNamed(input));
    expect(text).toBe(row['Equivalent']);
  });

  table('TestParseDockerRef', (row) => {
    const named = withDefaultTag(parseNamed(value(row['input'])));
    // Where there are both, docker lets the digest win; pare keeps the tag to show it, and looks up by digest.
    const { digest } = named;
    const text = digest === undefined ? formatNamed(named) : `${repositoryOf(named)}@${digest}`;
    expect(text).toBe(row['expected']);
  });

  table('TestDomainRegexp', (row) => {
    expect(isDomain(value(row['input'])), value(row['input'])).toBe(row['match']);
  });

  table('TestIdentifierRegexp', (row) => {
    expect(isIdentifier(value(row['input']))).toBe(row['match']);
  });

  /** What a name, a tag and a digest are written as together; as people write it. */
  const combined = (row: Row) => {
    const named = parseNamed(value(row['name']));
    const full = { ...named, tag: row['tag'] as string | undefined, digest: row['digest'] as Digest | undefined };
    return formatNamed(full).replace(repositoryOf(named), familiarRepository(named));
  };

  table('TestWithTag', (row) => {
    expect(combined(row)).toBe(row['combined']);
    if (row['digest'] === undefined) expect(parseNamed(value(row['combined'])).tag).toBe(row['tag']);
  });

  table('TestWithDigest', (row) => {
    expect(combined(row)).toBe(row['combined']);
    // Its digests have too few digits: what is put together there could not be read by either side.
    expect(() => parseNamed(value(row['combined']))).toThrow(/is not a digest/);
  });

  table('TestWithNameFailure', (row) => {
    const input = value(row['input']);
    // A name with a tag is no failure for a parser of whole references.
    if (input === 'example.com/repo:tag') return expect(parseNamed(input).tag).toBe('tag');
    expect(() => parseNamed(input), input).toThrow(ImageError);
  });

  test('no table is left out', () => {
    const files = readdirSync(fixtures ?? '.').filter((name) => name.endsWith('.json'));
    // Patterns of names, as for "docker images --filter": there are none here (docs/references.md).
    const without = files.map((name) => name.replace('.json', '')).filter((name) => name !== 'TestMatch');
    expect(tables.sort()).toEqual(without.sort());
    expect(files.reduce((sum, name) => sum + rows(name.replace('.json', '')).length, 0)).toBe(161);
  });
});

describe('parseNamed', () => {
  test.each([
    ['Redis', /capital letters/, /write redis/],
    ['redis:', /is not a tag/, /letters, digits/],
    ['redis@sha256:12', /is not a digest/, /64 hexadecimal/],
    ['a//b', /is not the name of a repository/, /lower-case/],
    ['localhost:5000/', /name of the repository is missing/, /^$/],
    ['f'.repeat(64), /identifier/, /sha256:/],
  ])('%s: says what is wrong and how to write it', (text, message, hint) => {
    const error = thrown(() => parseNamed(text));
    expect(error.code).toBe('USAGE');
    expect(error.message).toMatch(message);
    expect(error.hint ?? '').toMatch(hint);
  });

  test('the text is shortened in messages', () => {
    expect(thrown(() => parseNamed('A'.repeat(100_000))).message.length).toBeLessThan(400);
  });
});

test.each([
  ['redis', 'redis'],
  ['docker.io/library/redis', 'redis'],
  ['docker.io/library/a/b', 'library/a/b'],
  ['me/app', 'me/app'],
  ['localhost/app', 'localhost/app'],
  ['registry.example:5000/a', 'registry.example:5000/a'],
])('familiar form of %s is %s, and means the same', (text, familiar) => {
  const named = parseNamed(text);
  expect(familiarRepository(named)).toBe(familiar);
  expect(parseNamed(familiar)).toEqual(named);
});

describe('parseReference', () => {
  test.each([
    ['host:', { kind: 'host', path: '/' }],
    ['scratch', { kind: 'scratch', path: '' }],
    ['rootfs:/srv/root', { kind: 'rootfs', path: '/srv/root' }],
    ['rootfs:a:b', { kind: 'rootfs', path: 'a:b' }],
    ['tar:-', { kind: 'tar', path: '-' }],
    ['oci:out', { kind: 'oci', path: 'out', name: undefined, index: undefined }],
    ['oci:out:docker.io/library/redis:7', { kind: 'oci', path: 'out', name: 'docker.io/library/redis:7' }],
    ['oci:out:@2', { kind: 'oci', path: 'out', name: undefined, index: 2 }],
    ['oci-archive:x.tar:v1', { kind: 'oci-archive', path: 'x.tar', name: 'v1' }],
    ['docker-archive:-', { kind: 'docker-archive', path: '-', named: undefined }],
    ['docker-archive:x.tar:@1', { kind: 'docker-archive', path: 'x.tar', index: 1 }],
    ['docker-daemon:redis', { kind: 'docker-daemon', image: { path: 'library/redis', tag: 'latest' } }],
    [`docker-daemon:sha256:${'a'.repeat(64)}`, { kind: 'docker-daemon', image: `sha256:${'a'.repeat(64)}` }],
    [`docker-daemon:${'a'.repeat(64)}`, { kind: 'docker-daemon', image: `sha256:${'a'.repeat(64)}` }],
  ])('%s', (text, expected) => {
    expect(parseReference(text)).toMatchObject({ text, ...expected });
  });

  test.each([
    ['redis', 'docker.io/library/redis:latest'],
    ['host:5000/redis', 'host:5000/redis:latest'],
    ['http:latest', 'docker.io/library/http:latest'],
    [`sha256:${'a'.repeat(64)}`, `sha256:${'a'.repeat(64)}`],
  ])('%s is a name: %s', (text, full) => {
    const reference = parseReference(text);
    expect(reference.kind).toBe('store');
    expect(describeReference(reference)).toBe(full);
  });

  test('a name inside a docker archive is normalised', () => {
    const reference = parseReference('docker-archive:x.tar:redis');
    expect(reference.kind === 'docker-archive' && reference.named && formatNamed(reference.named)).toBe(
      'docker.io/library/redis:latest',
    );
  });

  test.each([
    ['', /empty/],
    ['rootfs:', /path is missing/],
    ['oci:', /path is missing/],
    ['oci::tag', /path is missing/],
    ['oci:dir:', /nothing follows/],
    ['oci:dir:@x', /not a place/],
    ['docker:redis', /two slashes/],
    ['docker-daemon:', /name of the image is missing/],
    ['host:/usr', /whole machine/],
    ['./out', /transport is missing/],
    ['/out', /transport is missing/],
    ['../out', /transport is missing/],
    ['~/out', /transport is missing/],
    ['dir:/out', /does not know the transport/],
    ['dir:foo', /does not know the transport "dir"/],
    ['containers-storage:foo', /does not know the transport/],
    ['ostree:foo@/repo', /does not know the transport/],
    ['sif:a.sif', /does not know the transport/],
    ['docker-tarball:a.tar', /does not know the transport/],
    ['docker-archve:a.tar', /does not know the transport "docker-archve"/],
    ['docker_archive:a.tar', /does not know the transport/],
    ['oci-arhcive:a.tar', /does not know the transport/],
    ['https://example.com/x', /does not know the transport/],
    [`docker-archive:x:a@sha256:${'a'.repeat(64)}`, /by tag only/],
  ])('refuses "%s"', (text, message) => {
    const error = thrown(() => parseReference(text));
    expect(error.code).toBe('USAGE');
    expect(error.message).toMatch(message);
    expect(error.hint, 'has a hint').toBeTruthy();
  });
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
