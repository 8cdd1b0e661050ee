/** Base images to build upon: a shell and a few programs for several architectures, in one OCI layout that everybody may read. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { pare } from '../../cli/pare.ts';
import { debianTree } from '../trees.ts';

export interface Bases extends Disposable {
  readonly directory: string;
  /** The index, as a reference. */
  readonly base: string;
}

const PROGRAMS = ['sh', 'cat', 'chmod', 'cp', 'echo', 'id', 'ls', 'mkdir', 'stat', 'uname'];

/** Of this machine, and of others. Undefined (with the reason printed) where the trees cannot be made. */
export async function makeBases(architectures: readonly string[]): Promise<Bases | undefined> {
  const trees = architectures.map((arch) => debianTree({ suite: 'bookworm', arch }));
  if (trees.includes(undefined)) return undefined;
  const directory = mkdtempSync('/tmp/pare-bases-');
  chmodSync(directory, 0o755);
  const env = { PARE_HOME: join(directory, 'store') };
  const images = architectures.map((arch) => `oci:${directory}/single:${arch}`);
  for (const [i, image] of images.entries()) {
    const words = ['pack', ...PROGRAMS, '--from', `rootfs:${trees[i]}`, '--entrypoint', '[]', '-o', image];
    expect(await pare(words, { env })).toMatchObject({ status: 0 });
  }
  const base = `oci:${directory}/base:latest`;
  expect(await pare(['index', 'create', ...images, '-o', base], { env })).toMatchObject({ status: 0 });
  return { directory, base, [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }) };
}

/** A directory of files for a context, that everybody may read. */
export function contextOf(directory: string, name: string): string {
  const path = join(directory, name);
  mkdirSync(path, { recursive: true, mode: 0o755 });
  return path;
}
