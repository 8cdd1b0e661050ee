/**
 * Platforms as `os/architecture[/variant]`: reading, normal forms, and which of several a machine would run, after
 * containerd's platforms package.
 * @module
 */
import { ImageError } from '../base/errors.ts';
import type { Platform } from '../formats/oci/types.ts';

const PART = /^[A-Za-z0-9_.-]+$/;
const OS_PART = /^([A-Za-z0-9_.-]+)(?:\(([A-Za-z0-9_.-]*)\))?$/;

/** Other names of architectures, and the variant that the name alone means. */
const ARCHITECTURES: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  i386: ['386'],
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
};

/** Those for which Go has a GOOS: one word alone is looked for here first. */
const KNOWN_OS: ReadonlySet<string> = new Set([
  ...['aix', 'android', 'darwin', 'dragonfly', 'freebsd', 'hurd', 'illumos', 'ios', 'js', 'linux'],
  ...['nacl', 'netbsd', 'openbsd', 'plan9', 'solaris', 'wasip1', 'windows', 'zos'],
]);

/** Those for which Go has a GOARCH: what one word alone may be else. */
const KNOWN_ARCHITECTURES: ReadonlySet<string> = new Set([
  ...[
    '386',
    'amd64',
    'amd64p32',
    'arm',
    'armbe',
    'arm64',
    'arm64be',
    'loong64',
    'mips',
    'mipsle',
    'mips64',
    'mips64le',
  ],
  ...['mips64p32', 'mips64p32le', 'ppc', 'ppc64', 'ppc64le', 'riscv', 'riscv64', 's390', 's390x', 'sparc', 'sparc64'],
  'wasm',
]);

/**
 * `linux/arm64`, `linux/arm/v7`, `windows(10.0.17763)/amd64`, or one word (`arm64`, `linux`), the rest of which comes from
 * `machine`. Names come out in their one spelling; a variant that need not be written is there only if it was.
 * @throws ImageError USAGE
 */
export function parsePlatform(text: string, machine: Platform): Platform {
  const parts = text.split('/');
  const [os, version] = OS_PART.exec(parts[0] as string)?.slice(1) ?? [];
  if (os === undefined || parts.length > 3 || !parts.slice(1).every((part) => PART.test(part))) throw noPlatform(text);
  const [, architecture, variant] = parts;
  if (architecture !== undefined) return written({ os, architecture, variant, version });
  if (KNOWN_OS.has(normalOs(os))) {
    return written({ os, architecture: machine.architecture, variant: machine.variant, version });
  }
  if (!KNOWN_ARCHITECTURES.has(normalArchitecture(os).architecture)) throw noPlatform(text);
  return written({ os: machine.os, architecture: os });
}

function noPlatform(text: string): ImageError {
  return new ImageError('USAGE', `"${text.slice(0, 100)}" is no platform`, {
    hint: 'write OS/ARCHITECTURE[/VARIANT], for example linux/arm64 or linux/arm/v7',
  });
}

function written(parts: {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
  readonly version?: string | undefined;
}): Platform {
  const { architecture, variant } = normalArchitecture(parts.architecture, parts.variant);
  const isDefault = variant === DEFAULT_VARIANT[architecture];
  return {
    architecture,
    os: normalOs(parts.os),
    ...(parts.version ? { 'os.version': parts.version } : {}),
    ...(variant === undefined || (isDefault && !parts.variant) ? {} : { variant }),
  };
}

function normalOs(os: string): string {
  const lower = os.toLowerCase();
  return lower === 'macos' ? 'darwin' : lower;
}

/** What an architecture without a variant is. */
const DEFAULT_VARIANT: Readonly<Record<string, string>> = { arm: 'v7', arm64: 'v8', amd64: 'v1' };

function normalArchitecture(name: string, variant = ''): { architecture: string; variant: string | undefined } {
  const lower = name.toLowerCase();
  const [architecture, implied] = ARCHITECTURES[lower] ?? [lower];
  if (architecture === '386') return { architecture, variant: undefined };
  const given = implied ?? variant.toLowerCase();
  const numbered = /^\d/.test(given) ? `v${given}` : given;
  return { architecture, variant: numbered === '' ? DEFAULT_VARIANT[architecture] : numbered };
}

/**
 * The form in which equal platforms are equal, and in which they stand in configs and indexes: names in lower case and in the
 * one spelling, 32-bit ARM with its variant, the first level of amd64 and arm64 without.
 */
export function normalPlatform(platform: Platform): Platform {
  const { architecture, variant } = normalArchitecture(platform.architecture, platform.variant);
  const { variant: _, ...rest } = platform;
  const isSilent = architecture !== 'arm' && variant === DEFAULT_VARIANT[architecture];
  return {
    ...rest,
    os: normalOs(platform.os),
    architecture,
    ...(variant === undefined || isSilent ? {} : { variant }),
  };
}

/** `linux/arm64`, `linux/arm/v7`. */
export function formatPlatform(platform: Platform): string {
  return [platform.os, platform.architecture, platform.variant].filter(Boolean).join('/');
}

/** Whether both name the same platform. Versions of the operating system are not compared. */
export function samePlatform(a: Platform, b: Platform): boolean {
  return formatPlatform(normalPlatform(a)) === formatPlatform(normalPlatform(b));
}

/** What such a machine runs, best first: its own, lesser variants, and the 32-bit architecture it includes. */
export function runnablePlatforms(machine: Platform): readonly Platform[] {
  const { os, architecture, variant } = normalPlatform(machine);
  const [major = 0, minor = 0] = (variant ?? DEFAULT_VARIANT[architecture] ?? '').slice(1).split('.').map(Number);
  const make = (name: string, level: string) => normalPlatform({ os, architecture: name, variant: `v${level}` });
  switch (architecture) {
    case 'amd64':
      return [...downFrom(major, 1).map((level) => make('amd64', level)), { os, architecture: '386' }];
    case 'arm64':
      return [
        ...arm64Levels(major, minor).map((level) => make('arm64', level)),
        ...downFrom(8, 5).map((level) => make('arm', level)),
      ];
    case 'arm':
      return downFrom(major, Math.min(major, 5)).map((level) => make('arm', level));
    default:
      return [normalPlatform(machine)];
  }
}

/** Whole numbers as text, both ends included, the largest first. */
function downFrom(top: number, bottom: number): string[] {
  return Array.from({ length: Math.max(top - bottom + 1, 0) }, (_, i) => String(top - i));
}

/** `9.1`, `9`, `8.6`, `8.5` … `8`: Armv9.0 is made from Armv8.5 (Arm ARM, A2.1). */
function arm64Levels(major: number, minor: number): string[] {
  const below = major >= 9 ? arm64Levels(major - 1, minor + 5) : [];
  const own = downFrom(minor, 0).map((level) => (level === '0' ? String(major) : `${major}.${level}`));
  return [...own, ...below];
}

/** The one of `offered` that a machine would run best, or undefined. */
export function choosePlatform<T>(
  offered: readonly T[],
  platformOf: (one: T) => Platform | undefined,
  machine: Platform,
): T | undefined {
  for (const wanted of runnablePlatforms(machine)) {
    const found = offered.find((one) => {
      const platform = platformOf(one);
      return platform !== undefined && samePlatform(platform, wanted);
    });
    if (found !== undefined) return found;
  }
  return undefined;
}
