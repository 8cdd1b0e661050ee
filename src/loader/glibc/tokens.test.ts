import { expect, it } from 'vitest';
import { expandTokens } from './tokens.ts';

const TOKENS = { ORIGIN: '/app', LIB: 'lib64', PLATFORM: 'x86_64' };

it.each([
  ['$ORIGIN/x', '/app/x'],
  ['$' + '{ORIGIN}x', '/appx'],
  ['/$LIB/$PLATFORM', '/lib64/x86_64'],
  ['$ORIGIN$LIB', '/applib64'],
  ['$ORIGINAL', '$ORIGINAL'],
  ['$LIB64', '$LIB64'],
  ['$ORIGIN_', '$ORIGIN_'],
  ['$' + '{ORIGIN', '$' + '{ORIGIN'],
  ['$HOME/$', '$HOME/$'],
  ['$$ORIGIN', '$/app'],
  ['', ''],
])('%s', (text, expected) => {
  expect(expandTokens(text, TOKENS)).toBe(expected);
});

it('a token without a value makes the whole useless', () => {
  expect(expandTokens('/x/$PLATFORM', { ...TOKENS, PLATFORM: undefined })).toBe('');
});

it('does not grow without end', () => {
  expect(expandTokens('$ORIGIN'.repeat(5000), { ...TOKENS, ORIGIN: '/long'.repeat(100) })).toBe('');
});
