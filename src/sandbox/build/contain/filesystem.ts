/**
 * A root filesystem with what the runtime-spec's document wants mounted in it, made and entered in a mount namespace of one's own. What
 * an image's links point to is looked up inside it, for everything is mounted after it has become the root.
 * @module
 */
import { existsSync, mkdirSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { enterRoot, type MountAttribute, restrictMount } from '../../../system/confine.ts';
import { mount } from '../../../system/linux.ts';
import type { Mount, RuntimeSpec } from '../../runtime-spec.ts';

/** Devices that every container has, and links: runtime-spec, config-linux.md, "Default Devices" and "Default symlinks". */
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
const LINKS: readonly (readonly [string, string])[] = [
  ['/proc/self/fd', '/dev/fd'],
  ['/proc/self/fd/0', '/dev/stdin'],
  ['/proc/self/fd/1', '/dev/stdout'],
  ['/proc/self/fd/2', '/dev/stderr'],
  ['pts/ptmx', '/dev/ptmx'],
];

const ATTRIBUTES: Readonly<Record<string, MountAttribute>> = {
  ro: 'readOnly',
  nosuid: 'noSuid',
  nodev: 'noDev',
  noexec: 'noExec',
};
/** Said by other means, or true of everything here. */
const OTHERS = new Set(['rw', 'rbind', 'bind', 'rprivate', 'strictatime']);

/**
 * Enters it. No device works in it but those of the list: there is no cgroup here that forbids others.
 * @throws the errors of mount(2) and its like
 */
export function enterFilesystem({ root, mounts, linux }: RuntimeSpec): void {
  // Links of the machine are followed while it still is the root.
  const placed = mounts.map((one) => (isBind(one) ? { ...one, source: realpathSync(one.source) } : one));
  const allDevices = linux.resources?.devices.some(({ allow }) => allow) === true;
  using _ = enterRoot(root.path);
  if (!allDevices) restrictMount('/', ['noDev'], false);
  for (const one of placed) mountOne(one, allDevices);
  for (const name of DEVICES) bind(`dev/${name}`, `/dev/${name}`);
  for (const [target, path] of LINKS) if (!existsSync(path)) symlinkSync(target, path);
  for (const path of linux.readonlyPaths) {
    if (!existsSync(path)) continue;
    mount({ source: path, target: path, type: 'none', flags: ['bind', 'recursive'], data: '' });
    restrictMount(path, ['readOnly'], true);
  }
  for (const path of linux.maskedPaths) mask(path);
}

const isBind = ({ options }: Mount): boolean => options.includes('rbind');

function mountOne(one: Mount, allDevices: boolean): void {
  const { destination, source, type, options } = one;
  const attributes = options.flatMap((option) => ATTRIBUTES[option] ?? []);
  if (!allDevices && !attributes.includes('noDev')) attributes.push('noDev');
  if (isBind(one)) {
    bind(source.slice(1), destination);
    restrictMount(destination, attributes, true);
    return;
  }
  ensure(destination, true);
  const data = options.filter((option) => ATTRIBUTES[option] === undefined && !OTHERS.has(option)).join(',');
  mount({ source, target: destination, type, flags: attributes, data });
}

/** @param source in the old root */
function bind(source: string, destination: string): void {
  ensure(destination, statSync(source).isDirectory());
  mount({ source, target: destination, type: 'none', flags: ['bind', 'recursive'], data: '' });
}

function mask(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (stats.isDirectory())
    mount({ source: 'tmpfs', target: path, type: 'tmpfs', flags: ['readOnly'], data: 'size=0k' });
  else mount({ source: '/dev/null', target: path, type: 'none', flags: ['bind'], data: '' });
}

/** In what is mounted there need not be places for more; in the image there are. */
function ensure(path: string, isDirectory: boolean): void {
  if (existsSync(path)) return;
  mkdirSync(isDirectory ? path : dirname(path), { recursive: true });
  if (!isDirectory) writeFileSync(path, '', { flag: 'a' });
}
