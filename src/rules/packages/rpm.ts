/** Packages out of rpm headers. @module */
import { parseRpmHeader, type RpmHeader, TAG } from './rpm-header.ts';
import type { Package } from './types.ts';

/** rpmfiles.h. */
const FILE_CONFIG = 1 << 0;
/** rpmds.h: rpm's own capabilities (`rpmlib(...)`) and what only a script or a build wants. */
const SENSE_RPMLIB = 1 << 24;

export interface RpmPackage extends Package {
  readonly kind: 'rpm';
  /** Capabilities it provides: its name, `libc.so.6()(64bit)`, `config(bash)` … */
  readonly provides: readonly string[];
  /** Capabilities and paths it requires. */
  readonly requires: readonly string[];
  /** The source package's file name, equal for packages of one build. */
  readonly sourceRpm: string | undefined;
  /** Read at each call from the header: absolute paths in its order. */
  files(): readonly string[];
  configuration(): readonly string[];
}

/** Undefined for what is no package: a public key. @throws ImageError INVALID */
export function rpmPackage(blob: Buffer): RpmPackage | undefined {
  const header = parseRpmHeader(blob);
  const [name, version, release] = [TAG.name, TAG.version, TAG.release].map((tag) => header.string(tag));
  if (name === undefined || version === undefined || name === 'gpg-pubkey') return undefined;
  const epoch = header.numbers(TAG.epoch)[0];
  const license = header.string(TAG.license);
  const sourceRpm = header.string(TAG.sourceRpm);
  const source = sourceRpm === undefined ? undefined : /^(.+)-[^-]+-[^-]+\.(?:no)?src\.rpm$/.exec(sourceRpm)?.[1];
  const flags = header.numbers(TAG.requireFlags);
  return {
    kind: 'rpm',
    name,
    version: `${epoch === undefined ? '' : `${epoch}:`}${version}${release === undefined ? '' : `-${release}`}`,
    architecture: header.string(TAG.architecture) ?? 'noarch',
    depends: [],
    source: source === name ? undefined : source,
    ...(license === undefined ? {} : { license }),
    provides: header.strings(TAG.provideName),
    requires: header.strings(TAG.requireName).filter((_, i) => ((flags[i] ?? 0) & SENSE_RPMLIB) === 0),
    sourceRpm,
    files: () => filesOf(header),
    configuration: () => configurationOf(header),
  };
}

/** Directory names end in a slash and are shared by index; very old packages list whole paths. */
function filesOf(header: RpmHeader): string[] {
  const directories = header.strings(TAG.directoryNames);
  const indexes = header.numbers(TAG.directoryIndexes);
  const names = header.strings(TAG.baseNames);
  if (names.length === 0) return header.strings(TAG.oldFileNames);
  return names.map((name, i) => `${directories[indexes[i] ?? -1] ?? '/'}${name}`);
}

function configurationOf(header: RpmHeader): string[] {
  const flags = header.numbers(TAG.fileFlags);
  return filesOf(header).filter((_, i) => ((flags[i] ?? 0) & FILE_CONFIG) !== 0);
}
