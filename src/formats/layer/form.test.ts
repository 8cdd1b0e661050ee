import { expect, it } from 'vitest';
import { parseLayerForm, partsOf } from './form.ts';

it.each([
  ['gzip', 'gzip', 'gzip', undefined, false],
  ['gzip:9', 'gzip', 'gzip', 9, false],
  ['none', 'none', 'none', undefined, false],
  ['zstd:19', 'zstd', 'zstd', 19, false],
  ['zstd:chunked', 'zstd:chunked', 'zstd', undefined, true],
  ['zstd:chunked:12', 'zstd:chunked', 'zstd', 12, true],
  ['estargz:6', 'estargz', 'gzip', 6, true],
])('understands %s', (text, kind, compression, level, chunked) => {
  expect(partsOf(parseLayerForm(text))).toMatchObject({ kind, compression, level, chunked });
});

it.each([
  '',
  'xz',
  'gzip:',
  'gzip:0',
  'gzip:10',
  'none:1',
  'zstd:20',
  'zstd:chunky',
  'zstd:chunked:',
  'GZIP',
  'gzip:1:2',
])('refuses "%s"', (text) => {
  expect(() => parseLayerForm(text)).toThrowError(expect.objectContaining({ code: 'USAGE' }));
});
