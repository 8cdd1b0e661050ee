/** Base images of Debian packages, in a registry of one's own on loopback. @module */
import { execFileSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LAUNCHER } from '../../cli/pare.ts';
import { output } from '../../e2e/programs/command.ts';
import { mirror } from '../../e2e/trees.ts';

const CACHE = fileURLToPath(new URL('../../../.cache/labs/', import.meta.url));
const RECIPES = fileURLToPath(new URL('bases/', import.meta.url));

const SUITE = 'trixie';

/** In the order in which they are built upon one another. */
const BASES = [
  { recipe: 'debian', name: `debian:${SUITE}` },
  { recipe: 'golang', name: 'golang:1.24' },
  { recipe: 'node', name: 'node:20' },
  { recipe: 'maven', name: 'maven:3' },
];

/** Builds what was not built before, and sends all of it. @param registry `localhost:PORT` */
export async function pushBases(registry: string): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const tar = debianTar();
  for (const { recipe, name } of BASES) {
    const context = join(CACHE, recipe);
    rmSync(context, { recursive: true, force: true });
    mkdirSync(context);
    await copyFile(join(RECIPES, recipe, 'Dockerfile'), join(context, 'Dockerfile'));
    if (recipe === 'debian') linkSync(tar, join(context, 'base.tar'));
    const options = ['--build-arg', `REGISTRY=${registry}`, '-t', `${registry}/${name}`, '--push'];
    await output([process.execPath, LAUNCHER, 'build', ...options, context], {
      env: { PARE_HOME: join(CACHE, 'store') },
      timeout: 30 * 60_000,
    });
  }
}

/** Made once. */
function debianTar(): string {
  const path = join(CACHE, `${SUITE}.tar`);
  if (existsSync(path)) return path;
  const unfinished = join(CACHE, `${process.pid}.tar`);
  const args = ['--mode=root', '--variant=minbase', '--include=ca-certificates', '--dpkgopt=force-unsafe-io'];
  try {
    const source = `deb ${mirror()} ${SUITE} main`;
    // What it mounts goes with it, also if it is killed.
    const command = ['--mount', '--propagation', 'private', 'mmdebstrap', ...args, SUITE, unfinished, source];
    execFileSync('unshare', command, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 15 * 60_000 });
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { force: true });
  }
  return path;
}
