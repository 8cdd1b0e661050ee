/** Certificates for one registry: containers-certs.d(5), and Docker's `certs.d`. @module */
import { ImageError } from '../base/errors.ts';
import { certificateFiles } from '../formats/registry-auth/certificates.ts';
import { registryName } from '../formats/registry-auth/keys.ts';
import { listConfigDirectory, readConfigFile } from './config-files.ts';
import { configHome, type Environment } from './home.ts';

/** PEM texts. */
export interface RegistryCertificates {
  readonly ca?: readonly string[];
  readonly identity?: { readonly certificate: string; readonly key: string };
}

const SYSTEM = ['/etc/containers/certs.d', '/etc/docker/certs.d'] as const;

/**
 * The first directory that bears the registry's name, `host[:port]`: the user's, then the system's; nothing where there is none.
 * @throws ImageError INVALID, DENIED
 */
export function registryCertificates(
  host: string,
  env: Environment,
  system: readonly string[] = SYSTEM,
): RegistryCertificates {
  const parents = [`${configHome(env)}/containers/certs.d`, ...system];
  // Docker Hub is asked at another name than it goes by.
  const names = [...new Set([host, registryName(host)])];
  for (const dir of parents.flatMap((parent) => names.map((name) => `${parent}/${name}`))) {
    const files = listConfigDirectory(dir);
    if (files === undefined) continue;
    const { authorities, identity } = certificateFiles(files, dir);
    const pem = (name: string) => readPem(`${dir}/${name}`);
    return {
      ...(authorities.length === 0 ? {} : { ca: authorities.map(pem) }),
      ...(identity === undefined
        ? {}
        : { identity: { certificate: pem(identity.certificate), key: pem(identity.key) } }),
    };
  }
  return {};
}

function readPem(path: string): string {
  const bytes = readConfigFile(path);
  if (bytes === undefined) throw new ImageError('NOT_FOUND', `${path} leads nowhere`, { hint: 'repair the link' });
  const text = Buffer.from(bytes).toString('latin1');
  if (text.includes('-----BEGIN ')) return text;
  throw new ImageError('INVALID', `${path} is not in PEM form`, {
    hint: `convert it: openssl x509 -inform DER -in ${path} -out …`,
  });
}
