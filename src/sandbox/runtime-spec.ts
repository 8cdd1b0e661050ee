/**
 * The document that tells runc or crun what to run: config.json of the OCI runtime-spec 1.0.2.
 * @module
 */
import { splitPath } from '../base/path.ts';
import type { SandboxRequest, ScratchDirectory, Volume } from '../ports/sandbox.ts';
import { CAPABILITIES, MASKED_PATHS, READONLY_PATHS } from './docker-defaults.ts';

export interface Mount {
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
  /** Beside those of the request. */
  readonly mounts?: readonly Mount[];
  /** Nothing hidden, all devices, and these capabilities. */
  readonly insecure?: readonly string[];
  /** Of /dev/shm, in bytes. */
  readonly shmSize?: number;
  readonly ulimits?: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
}

/** As much of the document as is written here. */
export interface RuntimeSpec {
  readonly ociVersion: string;
  readonly process: {
    readonly terminal: boolean;
    readonly user: { readonly uid: number; readonly gid: number; readonly additionalGids: readonly number[] };
    readonly args: readonly string[];
    readonly env: readonly string[];
    readonly cwd: string;
    readonly capabilities: Capabilities;
    readonly rlimits: readonly { readonly type: string; readonly soft: number; readonly hard: number }[];
    readonly noNewPrivileges: boolean;
  };
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly hostname: string;
  readonly mounts: readonly Mount[];
  readonly linux: {
    readonly namespaces: readonly { readonly type: string }[];
    readonly maskedPaths: readonly string[];
    readonly readonlyPaths: readonly string[];
    readonly resources?: { readonly devices: readonly { readonly allow: boolean; readonly access: string }[] };
  };
}

interface Capabilities {
  readonly bounding: readonly string[];
  readonly effective: readonly string[];
  readonly permitted: readonly string[];
}

/** The document as a value, ready for JSON. */
export function runtimeSpec(request: SandboxRequest, options: SpecOptions): RuntimeSpec {
  const { root, supplied, privileged, insecure, ulimits = [] } = options;
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
      capabilities: capabilitiesOf(process.uid, insecure ?? CAPABILITIES),
      rlimits: ulimits.map(({ name, soft, hard }) => ({ type: `RLIMIT_${name.toUpperCase()}`, soft, hard })),
      noNewPrivileges: false,
    },
    root: { path: root, readonly: request.readOnly },
    hostname: request.hostname,
    mounts: [
      ...systemMounts(privileged || !sharesNetwork, options),
      ...[
        ...request.scratch.map(scratchMount),
        ...[...supplied, ...request.volumes].map(bindMount),
        ...(options.mounts ?? []),
      ].sort(byDepth),
    ],
    linux: {
      namespaces: namespaces.map((type) => ({ type })),
      maskedPaths: insecure ? [] : MASKED_PATHS,
      readonlyPaths: insecure ? [] : READONLY_PATHS,
      // Device access is the machine root's to give; the runtime adds the usual harmless devices itself.
      ...(privileged ? { resources: { devices: [{ allow: insecure !== undefined, access: 'rwm' }] } } : {}),
    },
  };
}

/** As Docker: root gets the default set; another user could gain it by a set-user-ID program, and begins with none. */
function capabilitiesOf(uid: number, all: readonly string[]): Capabilities {
  const held = uid === 0 ? all : [];
  return { bounding: all, effective: held, permitted: held };
}

/** @param ownSysfs whether a sysfs can be mounted: not in a user namespace that shares the machine's network */
function systemMounts(ownSysfs: boolean, { insecure, shmSize = 65536 * 1024 }: SpecOptions): readonly Mount[] {
  const closed = ['nosuid', 'noexec', 'nodev'];
  return [
    mount('/proc', 'proc', 'proc', closed),
    mount('/dev', 'tmpfs', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
    mount('/dev/pts', 'devpts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']),
    mount('/dev/shm', 'tmpfs', 'shm', [...closed, 'mode=1777', `size=${shmSize}`]),
    mount('/dev/mqueue', 'mqueue', 'mqueue', closed),
    ownSysfs
      ? mount('/sys', 'sysfs', 'sysfs', [...closed, insecure ? 'rw' : 'ro'])
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
