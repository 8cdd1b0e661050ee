/** Debian's docker-registry, as a service of the test's own: data in a temporary directory, a free port of loopback. @module */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { eventually, service } from '../programs/command.ts';

export interface DockerRegistryOptions {
  /** Basic authentication: name → password. Default: nobody is asked. */
  readonly users?: Readonly<Record<string, string>>;
  /** PEM texts; default no TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

export interface DockerRegistry extends AsyncDisposable {
  /** `localhost:PORT` */
  readonly host: string;
  /** Forgets all that was sent to it. */
  clear(): void;
}

export async function startDockerRegistry({ users, tls }: DockerRegistryOptions = {}): Promise<DockerRegistry> {
  const dir = await mkdtemp('/tmp/pare-registry-');
  const port = await freePort();
  await mkdir(join(dir, 'data'));
  const config: Record<string, unknown> = {
    version: '0.1',
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(dir, 'data') }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}` },
  };
  if (users !== undefined) {
    const lines = Object.entries(users).map(([name, password]) =>
      execFileSync('htpasswd', ['-niB', '-C', '4', name], { input: password, encoding: 'utf8' }).trim(),
    );
    await writeFile(join(dir, 'htpasswd'), `${lines.join('\n')}\n`);
    config['auth'] = { htpasswd: { realm: 'test', path: join(dir, 'htpasswd') } };
  }
  if (tls !== undefined) {
    await writeFile(join(dir, 'certificate'), tls.certificate);
    await writeFile(join(dir, 'key'), tls.key);
    config['http'] = {
      addr: `127.0.0.1:${port}`,
      tls: { certificate: join(dir, 'certificate'), key: join(dir, 'key') },
    };
  }
  // JSON is YAML.
  await writeFile(join(dir, 'config.yml'), JSON.stringify(config));
  // Into a file: what is logged would fill a pipe that nobody reads, and then the registry stands still.
  const log = join(dir, 'log');
  const registry = service(['sh', '-c', 'exec docker-registry serve "$0" 2>"$1"', join(dir, 'config.yml'), log]);
  const stop = async () => {
    await registry.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    // Over TLS without trust in its certificate: that it listens is enough.
    await eventually('docker-registry', registry, async () => {
      const answered = await fetch(`http://127.0.0.1:${port}/v2/`).then(() => true);
      return answered ? true : undefined;
    });
  } catch (error) {
    const said = await readFile(log, 'utf8').catch(() => '');
    await stop();
    throw new Error(`docker-registry does not start: ${said}`, { cause: error });
  }
  const clear = () => rmSync(join(dir, 'data', 'docker'), { recursive: true, force: true });
  return { host: `localhost:${port}`, clear, [Symbol.asyncDispose]: stop };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
