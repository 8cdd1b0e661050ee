/** A Docker daemon of one's own for the time of a measurement: without networking, its data in a temporary directory. @module */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { removeWithMounts } from '../../test/e2e/mounts.ts';
import { withChildren } from './processes.ts';

/**
 * A docker client that can ask the daemon of `env` to build by BuildKit: of those in PATH, one that has it built in or has its
 * plug-in. None: undefined.
 */
export function clientWithBuildKit(env: Readonly<Record<string, string>>): string | undefined {
  const found = (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, 'docker'));
  return found.filter(existsSync).find((docker) => {
    const options = { env: { ...process.env, ...env, DOCKER_BUILDKIT: '1' }, input: 'FROM scratch\nLABEL a=b\n' };
    return spawnSync(docker, ['build', '-q', '-'], options).status === 0;
  });
}

/**
 * Calls `use` with the environment that points the docker client at the daemon, and with what tells the daemon's processes; says
 * so and returns where there is none.
 */
export async function withDocker(
  use: (env: Record<string, string>, servants: () => readonly number[]) => void | Promise<void>,
): Promise<void> {
  if (process.getuid?.() !== 0 || spawnSync('dockerd', ['--version']).status !== 0) {
    console.log('\n(no comparison with Docker: dockerd, and root to start it, are needed)');
    return;
  }
  const dir = mkdtempSync(join(tmpdir(), 'pare-dockerd-'));
  const host = `unix://${join(dir, 'docker.sock')}`;
  const options = [
    '--iptables=false',
    '--bridge=none',
    '--data-root',
    join(dir, 'data'),
    '--exec-root',
    join(dir, 'exec'),
  ];
  const daemon = spawn('dockerd', [...options, '-p', join(dir, 'pid'), '-H', host], { stdio: 'ignore' });
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  try {
    await answering(host, daemon);
    await use({ DOCKER_HOST: host }, () => withChildren(daemon.pid as number));
  } finally {
    daemon.kill('SIGTERM');
    await ended;
    removeWithMounts(dir);
  }
}

async function answering(host: string, daemon: { exitCode: number | null }): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (daemon.exitCode !== null) throw new Error(`dockerd ended with ${daemon.exitCode}`);
    if (spawnSync('docker', ['-H', host, 'version']).status === 0) return;
    await setTimeout(100);
  }
  throw new Error('dockerd does not answer');
}
