import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { FileNode } from '../model/node.ts';
import { neverBelow, neverByContent, neverByPath } from './never.ts';
import { world } from './testing.ts';

const SECRETS = [
  '/etc/shadow',
  '/etc/gshadow-',
  '/etc/security/opasswd',
  '/etc/ssl/private/ssl-cert-snakeoil.key',
  '/etc/ssh/ssh_host_ed25519_key',
  '/etc/letsencrypt/archive/example.org/privkey1.pem',
  '/etc/krb5.keytab',
  '/srv/app/http.keytab',
  '/srv/app/.netrc',
  '/srv/app/.env',
  '/srv/app/.env.production',
  '/srv/app/.npmrc',
  '/opt/x/.aws/credentials',
  '/opt/x/.docker/config.json',
  '/opt/x/.ssh/config',
  '/opt/x/id_ed25519',
  '/opt/x/client.p12',
  '/root/notes',
  '/home/me/.bashrc',
];
const MACHINE = ['/etc/resolv.conf', '/etc/hosts', '/etc/hostname', '/etc/machine-id', '/proc/cpuinfo', '/run/x.pid'];
const AUTHORITIES = ['/usr/local/share/ca-certificates/mine.crt', '/etc/pki/ca-trust/source/anchors/mine.pem'];
const HARMLESS = [
  '/etc/passwd',
  '/etc/hosts.allow',
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/ssh/ssh_config',
  '/usr/bin/env',
  '/usr/share/doc/hostname',
  '/usr/lib/python3/dist-packages/history',
  '/var/lib/app/data',
  '/homepage/index.html',
  '/rootfs/x',
  '/var/run',
  '/home',
  '/etc/ssl/private',
];

describe('by path', () => {
  test.each([...SECRETS, ...MACHINE, ...AUTHORITIES])('%s stays out, and the reason is said', (path) => {
    expect(neverByPath()(path)).toMatch(/^\S.*[a-z]$/);
  });

  test.each(HARMLESS)('%s may go in', (path) => {
    expect(neverByPath()(path)).toBeUndefined();
  });

  test('what belongs to a program that the user named in a home directory may go in, its secrets may not', () => {
    const denied = neverByPath(['/home/me/app/bin/serve', '/root/bin/tool', '/home/you/single']);
    expect(denied('/home/me/app/lib/libx.so')).toBeUndefined();
    expect(denied('/home/me/app/.env')).toBeDefined();
    expect(denied('/home/me/other')).toBeDefined();
    expect(denied('/root/bin/tool.data')).toBeUndefined();
    expect(denied('/root/lib/x')).toBeDefined();
    expect(denied('/home/you/single')).toBeUndefined();
    expect(denied('/home/you/notes')).toBeDefined();
  });
});

describe('by content', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const certificate = `-----BEGIN CERTIFICATE-----\n${'A'.repeat(64)}\n-----END CERTIFICATE-----\n`;

  test.each([
    ['a key alone', key, true],
    ['a key behind certificates', certificate.repeat(50) + key, true],
    ['a key of PuTTY', 'PuTTY-User-Key-File-3: ssh-ed25519\n', true],
    ['a certificate', certificate, false],
    ['a program that reads keys', "if line == '-----BEGIN PRIVATE KEY-----':\n    pass\n", false],
    ['nothing', '', false],
  ])('%s', async (_, text, denied) => {
    const { facts } = world({ '/f': { text } });
    const node = (await facts.files.lookup('/f')) as FileNode;
    expect((await neverByContent(facts.files, node)) !== undefined).toBe(denied);
  });
});

test('directories that nobody misses', () => {
  for (const dir of ['/etc/ssl/private', '/etc/letsencrypt', '/etc/letsencrypt/live', '/proc', '/srv/.ssh']) {
    expect(neverBelow(dir), dir).toBe(true);
  }
  for (const dir of ['/', '/etc', '/etc/ssl', '/root', '/home/me', '/srv/private']) {
    expect(neverBelow(dir), dir).toBe(false);
  }
});
