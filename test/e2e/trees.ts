/**
 * Debian root directories to try things on, made once by mmdebstrap into `.cache/trees/`. Foreign architectures run by
 * qemu-user through binfmt_misc. `PARE_TREES` names a directory of trees that are there already, as `SUITE-ARCH`. There is
 * one tree of each kind with all that the tests want of it: making one takes a minute where it is foreign.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { machineHas } from './needs.ts';

const CACHE = fileURLToPath(new URL('../../.cache/trees/', import.meta.url));

export interface DebianTree {
  /** `trixie`, `bookworm`. */
  readonly suite: string;
  /** Debian's name; default `amd64`. */
  readonly arch?: string;
}

const EVERYWHERE = ['perl', 'redis-server'];
const MORE = ['ca-certificates', 'curl', 'openssh-client', 'python3-minimal', 'sqlite3'];

/** The trees that tests use, with the packages beside the smallest system. `scripts/trees.ts` makes all of them. */
export const TREES: readonly (Required<DebianTree> & { readonly packages: readonly string[] })[] = [
  { suite: 'bookworm', arch: 'arm64', packages: [...EVERYWHERE, ...MORE] },
  { suite: 'bookworm', arch: 'armhf', packages: [...EVERYWHERE, ...MORE] },
  { suite: 'bookworm', arch: 's390x', packages: EVERYWHERE },
  { suite: 'bookworm', arch: 'armel', packages: EVERYWHERE },
  { suite: 'bookworm', arch: 'ppc64el', packages: EVERYWHERE },
  { suite: 'trixie', arch: 'amd64', packages: [...EVERYWHERE, ...MORE] },
  { suite: 'bookworm', arch: 'amd64', packages: [...EVERYWHERE, ...MORE] },
];

/**
 * The tree's path; read only for its users. Undefined (with the reason printed) where the machine lacks what it takes to make
 * it; in CI that is an error.
 */
export function debianTree({ suite, arch = 'amd64' }: DebianTree): string | undefined {
  const ready = process.env['PARE_TREES'];
  if (ready !== undefined && existsSync(`${ready}/${suite}-${arch}/etc`)) return `${ready}/${suite}-${arch}`;
  const foreign = arch === hostArchitecture() ? [] : ['arch-test', 'qemu-aarch64-static'];
  if (!machineHas({ root: true, programs: ['mmdebstrap', ...foreign] })) return undefined;
  const packages = TREES.find((one) => one.suite === suite && one.arch === arch)
    ?.packages.toSorted()
    .join(',');
  if (packages === undefined) throw new Error(`no tree of ${suite} for ${arch}: name it in TREES`);
  const kind = createHash('sha256').update(packages).digest('hex').slice(0, 8);
  const path = `${CACHE}${suite}-${arch}-${kind}`;
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  // Nothing is lost where the machine goes down, but the tree that is made again: no need to wait for the disk.
  const quick = '--dpkgopt=force-unsafe-io';
  const args = ['--mode=root', '--variant=minbase', `--arch=${arch}`, `--include=${packages}`, quick];
  try {
    const source = `deb ${mirror()} ${suite} main`;
    // What it mounts goes with it, also if it is killed.
    const command = ['--mount', '--propagation', 'private', 'mmdebstrap', ...args, suite, unfinished, source];
    execFileSync('unshare', command, {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 15 * 60_000,
      killSignal: 'SIGKILL',
    });
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return path;
}

function hostArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}

/** The first archive in the machine's apt sources, of either form (sources.list(5)). */
export function mirror(): string {
  const directory = '/etc/apt/sources.list.d';
  const files = existsSync(directory)
    ? readdirSync(directory)
        .sort()
        .map((name) => `${directory}/${name}`)
    : [];
  for (const file of ['/etc/apt/sources.list', ...files]) {
    if (!existsSync(file)) continue;
    const text = readFileSync(file, 'utf8');
    const form = file.endsWith('.sources') ? /^URIs:\s*(\S+)/im : /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/m;
    const found = /\.(?:list|sources)$/.test(file) ? form.exec(text)?.[1] : undefined;
    if (found !== undefined) return found;
  }
  throw new Error("no Debian archive in this machine's apt sources");
}
