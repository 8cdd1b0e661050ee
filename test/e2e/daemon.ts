/** Daemons of the test's own, Docker's and Podman's: no networking, their data in a temporary directory. @module */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { removeWithMounts } from './mounts.ts';
import { command, eventually, service } from './programs/command.ts';

export interface Daemon extends AsyncDisposable {
  /** Points a docker client at it. */
  readonly env: { readonly DOCKER_HOST: string };
}

/** @param more words for dockerd: other addresses */
export async function startDocker(more: readonly string[] = []): Promise<Daemon> {
  const dir = await mkdtemp('/tmp/pare-dockerd-');
  const host = `unix://${join(dir, 'docker.sock')}`;
  const roots = ['--data-root', join(dir, 'data'), '--exec-root', join(dir, 'exec'), '-p', join(dir, 'pid')];
  const words = ['dockerd', '--iptables=false', '--bridge=none', ...roots, '-H', host, ...more];
  return started(words, dir, { DOCKER_HOST: host });
}

export interface PodmanDaemon extends Daemon {
  /** The words of a podman that works on the same images. */
  readonly podman: readonly string[];
}

export async function startPodman(): Promise<PodmanDaemon> {
  const dir = await mkdtemp('/tmp/pare-podman-');
  const host = `unix://${join(dir, 'podman.sock')}`;
  const roots = ['--root', join(dir, 'root'), '--runroot', join(dir, 'run'), '--tmpdir', join(dir, 'tmp')];
  const podman = ['podman', ...roots, '--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs', '--runtime', 'runc'];
  const words = [...podman, 'system', 'service', '--time', '0', host];
  const daemon = await started(words, dir, { DOCKER_HOST: host });
  return { ...daemon, podman };
}

async function started(words: readonly string[], dir: string, env: Daemon['env']): Promise<Daemon> {
  const daemon = service(words);
  const stop = async () => {
    await daemon.stop();
    removeWithMounts(dir);
  };
  try {
    await eventually(words[0] as string, daemon, async () => {
      return (await command(['docker', 'version'], { env })).status === 0 ? true : undefined;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { env, [Symbol.asyncDispose]: stop };
}
