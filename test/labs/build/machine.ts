/**
 * What this machine says about where packages come from, as secrets and arguments for a build: nothing of it is written down here,
 * and nothing of it gets into an image.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a package manager says of its own configuration; empty where it is not there, or says nothing. */
function said(program: string, ...args: readonly string[]): string {
  try {
    const text = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return text === 'undefined' || text === 'null' ? '' : text;
  } catch {
    return '';
  }
}

const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';
const JAVA_AUTHORITIES = '/etc/ssl/certs/java/cacerts';

/** Files by the id of the secret. */
const TEXTS: Readonly<Record<string, () => string>> = {
  pip: () =>
    `[global]\n${line('index-url = ', said('pip', 'config', 'get', 'global.index-url'))}cert = ${AUTHORITIES}\n`,
  npm: () => `${line('registry=', said('npm', 'config', 'get', 'registry'))}cafile=${AUTHORITIES}\n`,
  go: () => ['GOPROXY', 'GOSUMDB', 'GONOSUMDB'].map((name) => line(`${name}=`, said('go', 'env', name))).join(''),
  maven: () => `<settings>${mavenMirrors()}</settings>\n`,
};

function line(beginning: string, value: string): string {
  return value === '' ? '' : `${beginning}${value}\n`;
}

/** The mirrors of the user's own settings. */
function mavenMirrors(): string {
  const settings = join(process.env['HOME'] ?? '/root', '.m2', 'settings.xml');
  return existsSync(settings) ? (/<mirrors>[\s\S]*?<\/mirrors>/.exec(said('cat', settings))?.[0] ?? '') : '';
}

const PROXIES = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

/** Options that docker build and pare build share. @param directory gets files that everybody may read */
export async function machineOptions(directory: string): Promise<readonly string[]> {
  const files = [
    ['ca', AUTHORITIES],
    ['cacerts', JAVA_AUTHORITIES],
  ].filter(([, path]) => existsSync(path ?? ''));
  for (const [id, text] of Object.entries(TEXTS)) {
    const path = join(directory, id);
    await writeFile(path, text(), { mode: 0o644 });
    files.push([id, path]);
  }
  const secrets = files.flatMap(([id, path]) => ['--secret', `id=${id},src=${path}`]);
  const proxies = PROXIES.filter((name) => process.env[name] !== undefined);
  return [...secrets, ...proxies.flatMap((name) => ['--build-arg', name])];
}
