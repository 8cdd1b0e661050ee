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
const ARCHITECTURES: Readonly<Record<string, readonly [string, string?]>> = {
  i386: ['386'],
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
};

const KNOWN_OS = new Set(['linux', 'windows', 'darwin', 'freebsd', 'openbsd', 'netbsd', 'solaris', 'aix', 'android']);

/**
 * `linux/arm64`, `linux/arm/v7`, or one word (`arm64`, `linux`), the rest of which comes from `machine`.
 * @throws ImageError USAGE
 */
export function parsePlatform(text: string, machine: Platform): Platform {
  const parts = text.split('/');
  const [os, version] = OS_PART.exec(parts[0] as string)?.slice(1) ?? [];
  if (os === undefined || parts.length > 3 || !parts.slice(1).every((part) => PART.test(part))) {
    throw new ImageError('USAGE', `"${text.slice(0, 100)}" is not a platform`, {
      hint: 'write OS/ARCHITECTURE[/VARIANT], for example linux/arm64 or linux/arm/v7',
    });
  }
  if (parts.length > 1) return normalPlatform(make(os, parts[1] as string, parts[2], version));
  const name = normalOs(os);
  if (KNOWN_OS.has(name)) return normalPlatform(make(name, machine.architecture, machine.variant, version));
  return normalPlatform(make(machine.os, os, undefined, undefined));
}

function make(os: string, architecture: string, variant: string | undefined, version: string | undefined): Platform {
  return {
    architecture,
    os,
    ...(version ? { 'os.version': version } : {}),
    ...(variant ? { variant } : {}),
  };
}

function normalOs(os: string): string {
  const lower = os.toLowerCase();
  return lower === 'macos' ? 'darwin' : lower;
}

/** Names in lower case and in the one spelling; variants that are the default of their architecture left out. */
export function normalPlatform(platform: Platform): Platform {
  const { architecture, variant, ...rest } = platform;
  const name = architecture.toLowerCase();
  const [normal, implied] = ARCHITECTURES[name] ?? [name];
  const given = variant?.toLowerCase() ?? implied;
  const numbered = given !== undefined && /^\d+$/.test(given) ? `v${given}` : given;
  const dropped = numbered === DEFAULT_VARIANT[normal];
  return {
    ...rest,
    os: normalOs(platform.os),
    architecture: normal,
    ...(numbered === undefined || numbered === '' || dropped ? {} : { variant: numbered }),
  };
}

/** What an architecture without a variant is. */
const DEFAULT_VARIANT: Readonly<Record<string, string>> = { arm: 'v7', arm64: 'v8', amd64: 'v1' };

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
  const variants = (name: string, top: number, bottom: number): Platform[] => {
    const out: Platform[] = [];
    for (let level = top; level >= bottom; level--) {
      out.push(normalPlatform({ os, architecture: name, variant: `v${level}` }));
    }
    return out;
  };
  const level = Number((variant ?? DEFAULT_VARIANT[architecture])?.slice(1));
  switch (architecture) {
    case 'amd64':
      return [...variants('amd64', level, 1), { os, architecture: '386' }];
    case 'arm64':
      return [...variants('arm64', level, 8), ...variants('arm', 8, 5)];
    case 'arm':
      return variants('arm', level, Math.min(level, 5));
    default:
      return [normalPlatform(machine)];
  }
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
