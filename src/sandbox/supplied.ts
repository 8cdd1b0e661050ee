/**
 * Files that belong to the machine and the moment and never to an image: made for one run and mounted over what the image
 * has there.
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../base/errors.ts';
import type { SandboxRequest, Volume } from '../ports/sandbox.ts';

/** Writes them into the directory; those that a volume of the request replaces are left out. */
export async function suppliedFiles(directory: string, request: SandboxRequest): Promise<readonly Volume[]> {
  const volumes: Volume[] = [];
  for (const [destination, text] of Object.entries(await suppliedContents(request))) {
    if (request.volumes.some((volume) => volume.destination === destination)) continue;
    const source = join(directory, destination.replaceAll('/', '_'));
    await writeFile(source, text, { mode: 0o644 });
    volumes.push({ source, destination, readOnly: false });
  }
  return volumes;
}

/**
 * Text by path.
 * @param extraHosts go into the file of hosts
 */
export async function suppliedContents(
  { network, hostname }: Pick<SandboxRequest, 'network' | 'hostname'>,
  extraHosts: readonly { readonly name: string; readonly address: string }[] = [],
): Promise<Readonly<Record<string, string>>> {
  const shared = network === 'host';
  const own = `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n`;
  const extra = extraHosts.map(({ name, address }) => `${address}\t${name}\n`).join('');
  return {
    '/etc/resolv.conf': shared ? await textOf('/etc/resolv.conf') : '',
    '/etc/hosts': `${(shared ? await textOf('/etc/hosts') : own).trimEnd()}\n127.0.1.1\t${hostname}\n${extra}`,
    '/etc/hostname': `${hostname}\n`,
  };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    // A machine without one resolves nothing, and neither does the program.
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  }
}
