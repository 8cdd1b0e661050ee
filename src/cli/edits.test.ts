import { describe, expect, test } from 'vitest';
import { derivedName } from './deriving.ts';
import { healthcheckOf, moment, unsetField } from './edits.ts';

const usage = expect.objectContaining({ code: 'USAGE' });

test.each([
  ['me/redis:7', 'redis:squashed'],
  ['docker://ghcr.io/me/app_x:1', 'app-x:squashed'],
  ['oci:some/Dir.x:name', 'dir-x:squashed'],
  ['docker-archive:down/app.tar.gz', 'app:squashed'],
  ['scratch', 'image:squashed'],
])('what is made of %s is called %s', (reference, name) => {
  expect(derivedName(reference, 'squashed')).toBe(name);
});

describe('what is to be unset', () => {
  test.each([
    ['env', { field: 'env', name: undefined }],
    ['env=A', { field: 'env', name: 'A' }],
    ['label=a=b', { field: 'label', name: 'a=b' }],
    ['stop-signal', { field: 'stop-signal', name: undefined }],
  ])('%s', (text, unset) => {
    expect(unsetField(text)).toEqual(unset);
  });

  test.each(['', 'env=', 'user=x', 'nothing'])('"%s" is no field', (text) => {
    expect(() => unsetField(text)).toThrow(usage);
  });
});

test('moments', () => {
  expect(moment('86400')).toBe('1970-01-02T00:00:00Z');
  expect(moment('2026-01-31T12:00:00+02:00')).toBe('2026-01-31T12:00:00+02:00');
  for (const text of ['yesterday', '2026-01-31', '2026-13-31T12:00:00Z'])
    expect(() => moment(text), text).toThrow(usage);
});

test('health checks', () => {
  expect(healthcheckOf({})).toBeUndefined();
  expect(healthcheckOf({ healthcheck: 'NONE' })).toEqual({ Test: ['NONE'] });
  expect(healthcheckOf({ healthcheck: '["a", "b"]', healthRetries: '3' })).toEqual({
    Test: ['CMD', 'a', 'b'],
    Retries: 3,
  });
  expect(healthcheckOf({ healthcheck: 'a b', healthInterval: '1.5s', healthTimeout: '200ms' })).toEqual({
    Test: ['CMD-SHELL', 'a b'],
    Interval: 1_500_000_000,
    Timeout: 200_000_000,
  });
  expect(() => healthcheckOf({ healthInterval: '1s' })).toThrow(usage);
  expect(() => healthcheckOf({ healthcheck: 'x', healthStartPeriod: 'soon' })).toThrow(usage);
  expect(() => healthcheckOf({ healthcheck: 'x', healthRetries: 'many' })).toThrow(usage);
});
