import { describe, expect, test } from 'vitest';
import { hasFilesAndDns, looksAtHostsFirst, parseNssSwitch, servicesOf } from './nsswitch.ts';

const service = (name: string, stopsWhereUnavailable = false) => ({ name, stopsWhereUnavailable });

describe('parseNssSwitch', () => {
  test('reads databases, services and comments', () => {
    const config = parseNssSwitch('# c\npasswd:\tfiles systemd\n\nhosts: files dns # last\n  netgroup : nis\n');
    expect(config.get('passwd')).toEqual([service('files'), service('systemd')]);
    expect(config.get('hosts')).toEqual([service('files'), service('dns')]);
    expect(config.get('netgroup')).toEqual([service('nis')]);
    expect(config.has('c')).toBe(false);
  });

  test('knows which action ends the search where a service cannot be loaded', () => {
    const last = (text: string) => parseNssSwitch(`hosts: files mdns4 ${text} dns`).get('hosts')?.[1];
    expect(last('[NOTFOUND=return]')).toEqual(service('mdns4'));
    expect(last('[UNAVAIL=return]')).toEqual(service('mdns4', true));
    expect(last('[!UNAVAIL=return]')).toEqual(service('mdns4'));
    expect(last('[!SUCCESS=return]')).toEqual(service('mdns4', true));
    expect(last('[notfound=return unavail=return]')).toEqual(service('mdns4', true));
    expect(last('[UNAVAIL=return UNAVAIL=continue]')).toEqual(service('mdns4'));
  });

  test('of two lines for a database the last counts; broken lines count for nothing', () => {
    const config = parseNssSwitch('hosts: dns\nhosts: files\n[NOTFOUND=return]\nservices\n: files\n');
    expect([...config]).toEqual([['hosts', [service('files')]]]);
  });
});

describe('without a line', () => {
  test('glibc asks files, and for hosts DNS, in an order that changed with 2.35', () => {
    const names = (version: string | undefined) =>
      servicesOf('hosts', { config: undefined, version }).map(({ name }) => name);
    expect(names('2.36')).toEqual(['files', 'dns']);
    expect(names('2.31')).toEqual(['dns', 'files']);
    expect(servicesOf('services', { config: new Map(), version: '2.31' })).toEqual([service('files')]);
  });

  test('files and dns are built in from 2.34 on', () => {
    expect(['2.33', '2.34', '2.41', '3.0', undefined, 'x'].map(hasFilesAndDns)).toEqual([
      false,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(['2.34', '2.35'].map(looksAtHostsFirst)).toEqual([false, true]);
  });
});
