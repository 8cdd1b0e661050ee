import { expect, test } from 'vitest';
import { keepSecret, redacted } from './secrets.ts';

test('what the process has met is hidden, in every encoding it is seen in', () => {
  const secret = 'pa ss"wörd/+';
  const forms = [secret, Buffer.from(secret).toString('base64'), JSON.stringify(secret), encodeURIComponent(secret)];
  keepSecret(secret);
  for (const form of forms) expect(redacted(`before ${form} behind`)).toMatch(/^before "?\*\*\*"? behind$/);
});

test('one that holds another is hidden whole', () => {
  keepSecret('inner-secret');
  keepSecret('outer:inner-secret:outer');
  expect(redacted('x outer:inner-secret:outer y')).toBe('x *** y');
});

test('the oldest of very many are forgotten, those used again are not', () => {
  keepSecret('the-first-of-all');
  keepSecret('the-second-of-all');
  for (let i = 0; i < 600; i++) {
    keepSecret(`token-number-${i}`);
    keepSecret('the-second-of-all');
  }
  expect(redacted('the-first-of-all the-second-of-all token-number-599')).toBe('the-first-of-all *** ***');
});

test('short words are left alone', () => {
  keepSecret('io');
  expect(redacted('docker.io')).toBe('docker.io');
});

test.each([
  ['GET https://user:word@r.example/v2/: 401', 'GET https://***@r.example/v2/: 401'],
  ['proxy http://token@proxy:3128', 'proxy http://***@proxy:3128'],
  ['Authorization: Basic dXNlcjp3b3Jk', 'Authorization: Basic ***'],
  ["authorization: 'Bearer eyJhbGci.eyJz_dWI.c2-ln'", "authorization: 'Bearer ***'"],
  ['https://cdn.example/x?X-Amz-Signature=abc123&y=1', 'https://cdn.example/x?X-Amz-Signature=***&y=1'],
  ['https://cdn.example/x?a=1&sig=abc%3D', 'https://cdn.example/x?a=1&sig=***'],
  ['?refresh_token=abc', '?refresh_token=***'],
])('%s', (text, shown) => {
  expect(redacted(text)).toBe(shown);
});

test.each([
  'GET https://r.example:5000/v2/a/manifests/sha256:00@x',
  'docker://r.example/a@sha256:0011',
  'a basic rule; Basic authentication is required',
  'Bearer realm="https://auth.example/token",service="r.example"',
  'user@host.example',
  '/v2/?n=100&last=a',
])('%s stays', (text) => {
  expect(redacted(text)).toBe(text);
});

test('long texts take no longer than they are long', () => {
  const started = process.cpuUsage();
  for (const piece of ['a://', 'basic ', '?token=', '://@', 'https://a:']) redacted(piece.repeat(100_000));
  const { user, system } = process.cpuUsage(started);
  expect(user + system).toBeLessThan(3_000_000);
});
