import { expect, test } from 'vitest';
import type { Kept, Unmet } from '../types.ts';
import { speakers } from './speakers.ts';

const wish = (from: string, path: string): Unmet => ({
  requirement: {
    want: { kind: 'path', path },
    strength: 'recommended',
    because: 'x',
    unmet: { code: 'services-missing', message: `${from} wants ${path}`, fix: '' },
  },
  reason: { rule: 'r', strength: 'recommended', because: 'x', from },
  strength: 'recommended',
  tried: [path],
});
const kept = new Map(
  [
    ['/bin/p', 'program'] as const,
    ['/bin/q', 'program'] as const,
    ['/lib/a', 'module'] as const,
    ['/lib/b', 'module'] as const,
  ].map(([path, use]) => [path, { path, use } as Kept]),
);
const said = (...unmet: Unmet[]) => speakers({ unmet, kept }).map(({ requirement }) => requirement.unmet?.message);

test('programs speak for their libraries, each for itself', () => {
  expect(said(wish('/lib/a', '/x'), wish('/bin/p', '/x'), wish('/lib/b', '/x'), wish('/bin/q', '/x'))).toEqual([
    '/bin/p wants /x',
    '/bin/q wants /x',
  ]);
});

test('of libraries alone one speaks, whatever their order', () => {
  expect(said(wish('/lib/b', '/x'), wish('/lib/a', '/x'))).toEqual(['/lib/a wants /x']);
});

test('other things that are missing are said as well', () => {
  expect(said(wish('/bin/p', '/x'), wish('/lib/a', '/y'))).toEqual(['/bin/p wants /x', '/lib/a wants /y']);
});
