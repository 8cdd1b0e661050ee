/**
 * The document that tells runc or crun what to run: config.json of the OCI runtime-spec 1.0.2.
 * @module
 */
import { splitPath } from '../base/path.ts';
import type { SandboxRequest, ScratchDirectory, Volume } from '../ports/sandbox.ts';
import { CAPABILITIES, MASKED_PATHS, READONLY_PATHS } from './docker-defaults.ts';

interface Mount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

export interface SpecOptions {
  /** The directory that becomes the root: relative to the bundle. */
  readonly root: string;
  /** Files that pare supplies, as read-write bind mounts: resolv.conf, hosts, hostname. */
  readonly supplied: readonly Volume[];
  /** Whether the user is root of the machine, and not of a user namespace only. */
  readonly privileged: boolean;
}

/** The document as a value, ready for JSON. */
export function runtimeSpec(request: SandboxRequest, { root, supplied, privileged }: SpecOptions): object {
  const { process, terminal } = request;
  const sharesNetwork = request.network === 'host';
  const namespaces = ['pid', 'ipc', 'uts', 'mount', ...(sharesNetwork ? [] : ['network'])];
  return {
    ociVersion: '1.0.2',
    process: {
      terminal,
      user: { uid: process.uid, gid: process.gid, additionalGids: process.groups },
      args: process.args,
      env: process.env,
      cwd: process.cwd,
      capabilities: capabilitiesOf(process.uid),
      noNewPrivileges: false,
    },
    root: { path: root, readonly: request.readOnly },
    hostname: request.hostname,
    mounts: [
      ...systemMounts(privileged || !sharesNetwork),
      ...[...request.scratch.map(scratchMount), ...[...supplied, ...request.volumes].map(bindMount)].sort(byDepth),
    ],
    linux: {
      namespaces: namespaces.map((type) => ({ type })),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
      // Device access is the machine root's to give; the runtime adds the usual harmless devices itself.
      ...(privileged ? { resources: { devices: [{ allow: false, access: 'rwm' }] } } : {}),
    },
  };
}

/** As Docker: root gets the default set; another user could gain it by a set-user-ID program, and begins with none. */
function capabilitiesOf(uid: number): object {
  const held = uid === 0 ? CAPABILITIES : [];
  return { bounding: CAPABILITIES, effective: held, permitted: held };
}

/** @param ownSysfs whether a sysfs can be mounted: not in a user namespace that shares the machine's network */
function systemMounts(ownSysfs: boolean): readonly Mount[] {
  const closed = ['nosuid', 'noexec', 'nodev'];
  return [
    mount('/proc', 'proc', 'proc', closed),
    mount('/dev', 'tmpfs', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
    mount('/dev/pts', 'devpts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']),
    mount('/dev/shm', 'tmpfs', 'shm', [...closed, 'mode=1777', 'size=65536k']),
    mount('/dev/mqueue', 'mqueue', 'mqueue', closed),
    ownSysfs
      ? mount('/sys', 'sysfs', 'sysfs', [...closed, 'ro'])
      : mount('/sys', 'none', '/sys', ['rbind', ...closed, 'ro']),
  ];
}

function scratchMount({ path, mode, uid, gid }: ScratchDirectory): Mount {
  const options = ['nosuid', 'nodev', 'tmpcopyup', `mode=${mode.toString(8)}`, `uid=${uid}`, `gid=${gid}`];
  return mount(path, 'tmpfs', 'tmpfs', options);
}

function bindMount({ source, destination, readOnly }: Volume): Mount {
  return mount(destination, 'bind', source, ['rbind', 'rprivate', readOnly ? 'ro' : 'rw']);
}

/** What lies in a mount is mounted after it. */
function byDepth(a: Mount, b: Mount): number {
  return splitPath(a.destination).length - splitPath(b.destination).length;
}

function mount(destination: string, type: string, source: string, options: readonly string[]): Mount {
  return { destination, type, source, options };
}
