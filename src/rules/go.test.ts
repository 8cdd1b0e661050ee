import { describe, expect, test } from 'vitest';
import { go } from './go.ts';
import { lines, type Sketch, world } from './testing.ts';

async function asked(symbols: readonly string[], files: Record<string, Sketch> = {}, env: string[] = []) {
  const program = { linked: 'static' as const, symbols: ['runtime.main', ...symbols] };
  const { facts, subject } = world({ '/bin/p': program, ...files }, { config: { Env: env } });
  return lines((await go.file?.(await subject('/bin/p'), facts)) ?? []);
}

describe('a Go program', () => {
  test('that verifies certificates gets the bundle that its library would take', async () => {
    const x509 = ['crypto/x509.loadSystemRoots'];
    expect(await asked(x509, { '/etc/ssl/cert.pem': '' })).toEqual(['recommended path /etc/ssl/cert.pem']);
    expect(await asked(x509)).toEqual([
      'recommended path /etc/ssl/certs/ca-certificates.crt (ca-certificates-missing)',
    ]);
    expect(await asked(x509, {}, ['SSL_CERT_FILE=/x'])).toEqual([]);
    expect(await asked(['crypto/x509.ParseCertificate'])).toEqual([]);
  });

  test('that resolves names itself reads the switch; its table of services is enough for most', async () => {
    expect(await asked(['net.parseNSSConfFile', 'net.readServices', 'net.readProtocols'])).toEqual([
      'recommended path /etc/nsswitch.conf',
      'suggested path /etc/protocols',
      'suggested path /etc/services',
    ]);
  });

  test('that loads time zones by name gets the database, if it has none in it', async () => {
    const all = ['recommended tree /usr/share/zoneinfo (time-zone-data-missing)'];
    expect(await asked(['time.LoadLocation'])).toEqual(all);
    expect(await asked(['time.LoadLocation', 'time/tzdata.loadFromEmbeddedTZData'])).toEqual([]);
    expect(await asked(['time.initLocal'])).toEqual(['recommended path /etc/localtime']);
    expect(await asked(['time.initLocal'], {}, ['TZ=UTC'])).toEqual([]);
  });

  test('that looks up users, groups and MIME types', async () => {
    expect(await asked(['os/user.lookupUserId', 'os/user.lookupGroup'])).toEqual([
      'recommended group root',
      'recommended user nobody',
      'recommended user root',
    ]);
    expect((await asked(['mime.loadMimeFile']))[0]).toMatch(/^suggested first path .*\/etc\/mime\.types/);
  });

  test('that does none of it wants nothing; nor does a program of another language', async () => {
    expect(await asked(['fmt.Println'])).toEqual([]);
    const { facts, subject } = world({ '/bin/c': { symbols: ['time.LoadLocation'] } });
    expect(await go.file?.(await subject('/bin/c'), facts)).toEqual([]);
  });
});
