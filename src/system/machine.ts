/** What this machine is. @module */
import { arch, platform } from 'node:os';
import type { Platform } from '../formats/oci/types.ts';

/** From Node.js's names to Go's. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

/** The platform whose images run here: always Linux's, since containers run in a Linux machine on a Mac as well. */
export function machinePlatform(): Platform {
  const name = arch();
  return { architecture: ARCHITECTURES[name] ?? name, os: platform() === 'win32' ? 'windows' : 'linux' };
}
