/** A Docker daemon of the test's own: no networking, its data in a temporary directory. @module */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { command, eventually, service } from './programs/command.ts';

export interface Daemon extends AsyncDisposable {
  /** Points a docker client at it. */
  readonly env: { readonly DOCKER_HOST: string };
}

export async function startDocker(): Promise<Daemon> {
  const dir = await mkdtemp('/tmp/pare-dockerd-');
  const host = `unix://${join(dir, 'docker.sock')}`;
  const roots = ['--data-root', join(dir, 'data'), '--exec-root', join(dir, 'exec'), '-p', join(dir, 'pid')];
  const daemon = service(['dockerd', '--iptables=false', '--bridge=none', ...roots, '-H', host]);
  const env = { DOCKER_HOST: host };
  const stop = async () => {
    await daemon.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await eventually('dockerd', daemon, async () => {
      return (await command(['docker', 'version'], { env })).status === 0 ? true : undefined;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { env, [Symbol.asyncDispose]: stop };
}
