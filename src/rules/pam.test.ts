import { describe, expect, test } from 'vitest';
import { pam, parseStack } from './pam.ts';
import { lines, type Sketch, world } from './testing.ts';

const LIBPAM = { soname: 'libpam.so.0', strings: ['/lib/security', '/etc/pam.d', '/lib/x86_64-linux-gnu/security/'] };
const FILES: Record<string, Sketch> = {
  '/lib/libpam.so.0': LIBPAM,
  '/etc/pam.d/su': 'auth sufficient pam_rootok.so\n@include common-auth\n-session optional pam_systemd.so\n',
  '/etc/pam.d/common-auth': 'auth [success=1 default=ignore] pam_unix.so nullok\nauth include more\n',
  '/usr/lib/pam.d/more': 'account required /opt/pam_own.so conf=/etc/own.conf # pam_no.so\n@include common-auth\n',
  '/etc/pam.d/other': 'auth required pam_deny.so\n',
  '/etc/pam.d/login': 'auth required pam_login.so\n',
};

async function asked(path: string, sketch: Sketch, files = FILES) {
  const { facts, subject } = world({ ...files, [path]: sketch });
  return lines((await pam.file?.(await subject(path), facts)) ?? []);
}

test('reads stacks', () => {
  expect(
    parseStack(
      '# auth required x\nauth\trequired \\\n pam_a.so k=/a /b\nsession optional pam_b.so\nbroken\npassword substack c\n',
    ),
  ).toEqual([
    { kind: 'module', name: 'pam_a.so', optional: false, files: ['/a', '/b'] },
    { kind: 'module', name: 'pam_b.so', optional: true, files: [] },
    { kind: 'include', name: 'c' },
  ]);
});

describe('the rule', () => {
  test('follows the stacks of the services that a program names', async () => {
    const program = { symbols: ['pam_start'], strings: ['su', 'nothing'], libraries: ['/lib/libpam.so.0'] };
    const security = '/lib/x86_64-linux-gnu/security';
    expect(await asked('/bin/p', program)).toEqual([
      'recommended first path /etc/pam.d/other | path /usr/lib/pam.d/other',
      'recommended path /etc/own.conf',
      `recommended path ${security}/pam_deny.so (data-missing)`,
      'required first path /etc/pam.d/common-auth | path /usr/lib/pam.d/common-auth',
      'required first path /etc/pam.d/more | path /usr/lib/pam.d/more',
      'required first path /etc/pam.d/su | path /usr/lib/pam.d/su',
      `required path ${security}/pam_rootok.so (data-missing)`,
      `required path ${security}/pam_unix.so (data-missing)`,
      'required path /opt/pam_own.so (data-missing)',
      `suggested path ${security}/pam_systemd.so`,
    ]);
  });

  test("knows a service by the program's name, and falls back to that of others", async () => {
    const program = { symbols: ['pam_start'] };
    expect((await asked('/bin/login', program)).join()).toContain('/etc/pam.d/login');
    const other = await asked('/bin/p', program);
    expect(other[0]).toBe('required first path /etc/pam.d/other | path /usr/lib/pam.d/other');
  });

  test('gives a module its files and helpers, as it names them', async () => {
    const strings = [
      '/etc/security/limits.conf',
      '/etc/security/limits.d/*.conf',
      '/sbin/unix_chkpwd',
      '/etc/shadow',
      '/etc/other',
    ];
    expect(await asked('/lib/security/pam_x.so', { soname: 'pam_x.so', strings })).toEqual([
      'recommended path /etc/security/limits.conf',
      'recommended path /sbin/unix_chkpwd',
      'recommended tree /etc/security/limits.d',
    ]);
  });

  test('asks nothing for programs that do not start PAM', async () => {
    expect(await asked('/bin/p', { symbols: ['pam_end'], strings: ['su'] })).toEqual([]);
  });
});
