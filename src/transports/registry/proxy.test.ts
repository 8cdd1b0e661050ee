import { expect, test } from 'vitest';
import { proxyFor } from './proxy.ts';

const PROXIES = { HTTP_PROXY: 'http://plain:3128', HTTPS_PROXY: 'http://secure:3128' };

test.each<[string, Record<string, string>, string | undefined]>([
  ['https://a.example/', {}, undefined],
  ['http://a.example/', PROXIES, 'http://plain:3128/'],
  ['https://a.example/', PROXIES, 'http://secure:3128/'],
  ['https://a.example/', { https_proxy: 'lower:1' }, 'http://lower:1/'],
  ['https://a.example/', { HTTPS_PROXY: '', https_proxy: 'https://tls.example' }, 'https://tls.example/'],
  ['https://a.example/', { HTTP_PROXY: 'http://plain:3128' }, undefined],
  ['https://a.example/', { HTTPS_PROXY: 'socks5://s:1080' }, 'socks5://s:1080'],
  // What does not leave this machine needs no proxy.
  ['http://localhost:5000/', PROXIES, undefined],
  ['http://127.3.2.1/', PROXIES, undefined],
  ['http://[::1]:5000/', PROXIES, undefined],
  ['http://127.example/', PROXIES, 'http://plain:3128/'],
])('%s with %j', (url, env, expected) => {
  expect(proxyFor(new URL(url), env)?.href).toBe(expected);
});

test.each<[string, string, boolean]>([
  ['a.example', 'a.example', true],
  ['a.example', 'b.a.example', true],
  ['a.example', 'ba.example', false],
  ['.a.example', 'b.a.example', true],
  ['.a.example', 'a.example', false],
  ['*.a.example', 'b.a.example', true],
  ['*.a.example', 'a.example', false],
  ['*', 'a.example', true],
  ['x.example, A.Example.', 'a.example', true],
  ['a.example:443', 'a.example', true],
  ['a.example:444', 'a.example', false],
  ['10.0.0.0/8', '10.1.2.3', true],
  ['10.0.0.0/8', '11.1.2.3', false],
  ['10.0.0.0/99', '10.1.2.3', false],
  ['10.1.2.3', '10.1.2.3', true],
  ['fd00::/8', '[fd00::1]', true],
  ['fd00::1', '[fd00::1]', true],
  ['[fd00::1]:443', '[fd00::1]', true],
  ['2.3', '10.1.2.3', false],
])('NO_PROXY=%s: %s goes directly: %s', (list, host, isDirect) => {
  const found = proxyFor(new URL(`https://${host}/`), { ...PROXIES, no_proxy: list });
  expect(found === undefined).toBe(isDirect);
});

test('what is no address is said, and not shown: it may hold a password', () => {
  const wrong = () => proxyFor(new URL('https://a.example/'), { HTTPS_PROXY: 'ftp://me:secret@proxy' });
  expect(wrong).toThrow(
    expect.objectContaining({ code: 'USAGE', message: '$HTTPS_PROXY is not the address of a proxy' }),
  );
});
