import { expect, test } from 'vitest';
import type { SandboxRequest } from '../ports/sandbox.ts';
import { runtimeSpec } from './runtime-spec.ts';

const REQUEST: SandboxRequest = {
  root: '/somewhere',
  process: { args: ['/x'], env: ['A=1'], cwd: '/w', uid: 0, gid: 0, groups: [5] },
  hostname: 'box',
  network: 'none',
  readOnly: true,
  volumes: [
    { source: '/host/deep', destination: '/data/a/b', readOnly: true },
    { source: '/host', destination: '/data', readOnly: false },
  ],
  scratch: [{ path: '/tmp', mode: 0o1777, uid: 0, gid: 0 }],
  stdin: false,
  terminal: false,
  output: 'inherit',
};
const spec = (request: Partial<SandboxRequest> = {}, privileged = true) =>
  runtimeSpec({ ...REQUEST, ...request }, { root: 'root', supplied: [], privileged });

test('an ordinary user of the image begins without capabilities, and can gain them as under docker', () => {
  const { capabilities, noNewPrivileges } = spec({ process: { ...REQUEST.process, uid: 10 } }).process;
  expect(capabilities.effective).toEqual([]);
  expect(capabilities.bounding).toContain('CAP_NET_BIND_SERVICE');
  expect(capabilities.bounding).not.toContain('CAP_SYS_ADMIN');
  expect(noNewPrivileges).toBe(false);
  expect(spec().process.capabilities.effective).toHaveLength(14);
});

test('the machine’s network is shared by leaving its namespace out', () => {
  const types = (network: 'host' | 'none') => spec({ network }).linux.namespaces.map(({ type }) => type);
  expect(types('none')).toContain('network');
  expect(types('host')).not.toContain('network');
});

test('without being root of the machine: no device rules, and with its network the machine’s /sys', () => {
  expect(spec({ network: 'host' }, false).linux.resources).toBeUndefined();
  const sys = spec({ network: 'host' }, false).mounts.find(({ destination }) => destination === '/sys');
  expect(sys).toMatchObject({ type: 'none', options: expect.arrayContaining(['rbind', 'ro']) });
});

test('a mount comes before what is mounted in it', () => {
  const order = spec().mounts.map(({ destination }) => destination);
  expect(order.indexOf('/data')).toBeLessThan(order.indexOf('/data/a/b'));
  expect(order.indexOf('/dev')).toBeLessThan(order.indexOf('/dev/pts'));
});
