import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { holdsPrivateKey, pemBlocks } from './pem.ts';

const block = (label: string, body: string) => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`;

test('finds blocks among other text, in order', () => {
  const text = `# first\n${block('CERTIFICATE', 'AAAA\nBBBB')}\n\nsecond:\n${block('X509 CRL', 'CCCC')}\n`;
  expect(pemBlocks(text)).toEqual([
    { label: 'CERTIFICATE', base64: 'AAAABBBB', text: block('CERTIFICATE', 'AAAA\nBBBB') },
    { label: 'X509 CRL', base64: 'CCCC', text: block('X509 CRL', 'CCCC') },
  ]);
});

test('line lengths, line ends and headers make no difference to the bytes', () => {
  const [a, b, c] = pemBlocks(
    [
      block('CERTIFICATE', 'AAAABBBB'),
      block('CERTIFICATE', 'AAAA\r\nBBBB\r'),
      block('CERTIFICATE', 'X-Note: 1\n\nAAAABBBB'),
    ].join('\n'),
  );
  expect(b?.base64).toBe(a?.base64);
  expect(c?.base64).toBe(a?.base64);
});

test('a block without its end, or with another end, is none', () => {
  expect(pemBlocks('-----BEGIN CERTIFICATE-----\nAAAA\n')).toEqual([]);
  expect(pemBlocks('-----BEGIN CERTIFICATE-----\nAAAA\n-----END X509 CRL-----\n')).toEqual([]);
});

test('private keys of every kind are known, public ones and certificates are none', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const encrypted = { type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' } as const;
  for (const type of ['pkcs8', 'sec1'] as const) {
    expect(holdsPrivateKey(`some: text\n${privateKey.export({ type, format: 'pem' })}`)).toBe(true);
  }
  expect(holdsPrivateKey(String(privateKey.export(encrypted)))).toBe(true);
  expect(holdsPrivateKey(block('OPENSSH PRIVATE KEY', 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUA'))).toBe(true);
  expect(holdsPrivateKey(block('PGP PRIVATE KEY BLOCK', 'Version: 2\n\nlIYEZzAAABYJKwYBBAHaRw8BAQdA'))).toBe(true);
  expect(holdsPrivateKey(String(publicKey.export({ type: 'spki', format: 'pem' })))).toBe(false);
  expect(holdsPrivateKey(block('CERTIFICATE', 'AAAA'))).toBe(false);
});

test('a program that knows how a private key begins holds none', () => {
  expect(holdsPrivateKey("BEGIN = '-----BEGIN PRIVATE KEY-----'\nEND = '-----END PRIVATE KEY-----'\n")).toBe(false);
  expect(holdsPrivateKey('-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----\n')).toBe(false);
});

test('any text is read in time that grows with its length', () => {
  const noise = fc.array(fc.constantFrom('-----BEGIN ', 'A-----', '-----END ', '-', '\n', 'CERTIFICATE'), {
    maxLength: 2000,
  });
  fc.assert(
    fc.property(noise, (parts) => {
      for (const { label, text } of pemBlocks(parts.join(''))) expect(text).toContain(`-----END ${label}-----`);
    }),
    { numRuns: 200 },
  );
});
