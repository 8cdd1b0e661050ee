import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sharedFixture } from '../../test/shared.ts';
import { ImageError } from '../base/errors.ts';
import {
  choosePlatform,
  formatPlatform,
  normalPlatform,
  parsePlatform,
  runnablePlatforms,
  samePlatform,
} from './platform.ts';

const MACHINE = { os: 'linux', architecture: 'amd64' };
const fixtures = sharedFixture('containerd-platforms');
/** The rows are of a machine's own platform, put together by expressions of Go. */
function evaluated(formatted: string | { readonly $go: string }): string {
  if (typeof formatted === 'string') return formatted;
  const own: Record<string, string> = { defaultOS: MACHINE.os, defaultArch: MACHINE.architecture, defaultVariant: '' };
  const words = formatted.$go.replace(/^path\.Join\((.*)\)$/, '$1').split(', ');
  return words
    .map((word) => own[word] ?? JSON.parse(word))
    .filter(Boolean)
    .join('/');
}

const rows = (name: string) => JSON.parse(readFileSync(`${fixtures}/${name}.json`, 'utf8'));

describe.skipIf(fixtures === undefined)('the tables of containerd/platforms', () => {
  test('Only: what a machine runs', () => {
    for (const { platform, matches } of rows('TestOnly')) {
      const runs = runnablePlatforms(parsePlatform(platform, MACHINE));
      const matched = (text: string) => runs.some((one) => samePlatform(one, parsePlatform(text, MACHINE)));
      for (const text of matches.True) expect(matched(text), `${platform} runs ${text}`).toBe(true);
      for (const text of matches.False) expect(matched(text), `${platform} does not run ${text}`).toBe(false);
    }
  });

  test('OnlyStrict: the same platform', () => {
    for (const { platform, matches } of rows('TestOnlyStrict')) {
      const same = (text: string) => samePlatform(parsePlatform(platform, MACHINE), parsePlatform(text, MACHINE));
      for (const text of matches.True) expect(same(text), `${platform} is ${text}`).toBe(true);
      for (const text of matches.False) expect(same(text), `${platform} is not ${text}`).toBe(false);
    }
  });

  test('selectors', () => {
    for (const { skip, input, expected, formatted, matches, useV2Format } of rows('TestParseSelector')) {
      // Upstream leaves them out itself: there are no wildcards.
      if (skip === true) {
        expect(() => parsePlatform(input, MACHINE), input).toThrow(ImageError);
        continue;
      }
      const value = (raw: unknown, standing: string | undefined) => (typeof raw === 'object' ? standing : raw);
      const parsed = parsePlatform(input, MACHINE);
      expect(parsed, input).toEqual({
        os: value(expected.OS, MACHINE.os),
        architecture: value(expected.Architecture, MACHINE.architecture),
        ...(typeof expected.Variant === 'string' ? { variant: expected.Variant } : {}),
        ...(expected.OSVersion ? { 'os.version': expected.OSVersion } : {}),
      });
      // The version is left out where pare writes a platform (docs/references.md).
      const written = useV2Format ? evaluated(formatted).replace(/\(.*?\)/, '') : evaluated(formatted);
      expect(formatPlatform(parsed)).toBe(written);
      for (const other of matches ?? []) {
        const platform = { os: other.OS, architecture: other.Architecture, variant: other.Variant };
        expect(samePlatform(parsed, platform), `${input} and ${JSON.stringify(other)}`).toBe(true);
      }
    }
  });

  test('what is no selector', () => {
    expect(rows('TestParseSelectorInvalid')).toHaveLength(6);
    for (const { input } of rows('TestParseSelectorInvalid')) {
      expect(() => parsePlatform(input, MACHINE), input).toThrow(ImageError);
    }
  });
});

test('of several, the best for the machine', () => {
  const offered = ['linux/386', 'linux/arm64', 'linux/arm/v6', 'linux/arm/v7', 'linux/amd64'].map((text) =>
    parsePlatform(text, MACHINE),
  );
  const chosen = (machine: string) => {
    const found = choosePlatform(offered, (one) => one, parsePlatform(machine, MACHINE));
    return found && formatPlatform(found);
  };
  expect(chosen('linux/amd64')).toBe('linux/amd64');
  expect(chosen('linux/amd64/v3')).toBe('linux/amd64');
  expect(chosen('linux/arm/v7')).toBe('linux/arm/v7');
  expect(chosen('linux/arm64/v9')).toBe('linux/arm64');
  expect(chosen('linux/arm/v6')).toBe('linux/arm/v6');
  expect(chosen('linux/s390x')).toBeUndefined();
});

test.each([
  ['linux/amd64/v2', 'linux/amd64/v2 linux/amd64 linux/386'],
  ['linux/arm64', 'linux/arm64 linux/arm/v8 linux/arm/v7 linux/arm/v6 linux/arm/v5'],
  ['linux/arm/v6', 'linux/arm/v6 linux/arm/v5'],
  ['linux/s390x', 'linux/s390x'],
])('what %s runs, best first', (machine, runs) => {
  expect(runnablePlatforms(parsePlatform(machine, MACHINE)).map(formatPlatform)).toEqual(runs.split(' '));
});

test('levels of arm64', () => {
  const runs = runnablePlatforms(parsePlatform('linux/arm64/v9.1', MACHINE)).map(formatPlatform);
  expect(runs.slice(0, 3)).toEqual(['linux/arm64/v9.1', 'linux/arm64/v9', 'linux/arm64/v8.6']);
  expect(runs).toContain('linux/arm64');
});

test.each([
  [
    { os: 'Linux', architecture: 'x86_64', variant: 'V1' },
    { os: 'linux', architecture: 'amd64' },
  ],
  [
    { os: 'linux', architecture: 'aarch64', variant: '8' },
    { os: 'linux', architecture: 'arm64' },
  ],
  [
    { os: 'linux', architecture: 'arm' },
    { os: 'linux', architecture: 'arm', variant: 'v7' },
  ],
  [
    { os: 'linux', architecture: 'arm', variant: '6' },
    { os: 'linux', architecture: 'arm', variant: 'v6' },
  ],
  [
    { os: 'linux', architecture: 'i386', variant: 'x' },
    { os: 'linux', architecture: '386' },
  ],
  [
    { os: 'windows', architecture: 'amd64', 'os.version': '10' },
    { os: 'windows', architecture: 'amd64', 'os.version': '10' },
  ],
])('the normal form of %j', (platform, normal) => {
  expect(normalPlatform(platform)).toEqual(normal);
  expect(normalPlatform(normal)).toEqual(normal);
});

test('one word alone has to be an operating system or an architecture', () => {
  expect(parsePlatform('arm64', MACHINE)).toEqual({ os: 'linux', architecture: 'arm64' });
  expect(parsePlatform('x86_64', MACHINE)).toEqual({ os: 'linux', architecture: 'amd64' });
  expect(parsePlatform('linux', MACHINE)).toEqual(MACHINE);
  for (const text of ['foo', 'linus', 'arm65']) {
    expect(() => parsePlatform(text, MACHINE), text).toThrow(`"${text}" is no platform`);
  }
});
