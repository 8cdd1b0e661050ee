/** A certificate authority of the test's own, by openssl. @module */
import { execFileSync } from 'node:child_process';
import { mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Pair {
  readonly key: string;
  readonly cert: string;
}

export interface Authority extends Pair {
  /** @param names what a server goes by: host names and IP addresses */
  server(...names: readonly string[]): Pair;
  client(name: string): Pair;
}

export function certificateAuthority(name: string): Authority {
  using place = mkdtempDisposableSync(join(tmpdir(), 'pare-ca-'));
  const own = request(place.path, name);
  openssl(
    ['req', '-x509', '-key', own.keyFile, '-out', own.certFile, '-days', '2', '-subj', `/CN=${name}`],
    ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'],
  );
  const ca = { key: readFileSync(own.keyFile, 'utf8'), cert: readFileSync(own.certFile, 'utf8') };
  return {
    ...ca,
    server: (...names) => signed(ca, names[0] ?? 'server', `subjectAltName=${names.map(alternative).join(',')}`),
    client: (who) => signed(ca, who, 'extendedKeyUsage=clientAuth'),
  };
}

function alternative(name: string): string {
  return `${/^[\d.]+$|:/.test(name) ? 'IP' : 'DNS'}:${name}`;
}

function signed(ca: Pair, name: string, extension: string): Pair {
  using place = mkdtempDisposableSync(join(tmpdir(), 'pare-cert-'));
  const [caKey, caCert, extensions] = ['ca.key', 'ca.crt', 'extensions'].map((file) => join(place.path, file)) as [
    string,
    string,
    string,
  ];
  writeFileSync(caKey, ca.key);
  writeFileSync(caCert, ca.cert);
  writeFileSync(extensions, `${extension}\n`);
  const { keyFile, certFile } = request(place.path, name);
  const csr = join(place.path, 'request');
  openssl(['req', '-new', '-key', keyFile, '-out', csr, '-subj', `/CN=${name}`]);
  const by = ['-CA', caCert, '-CAkey', caKey, '-CAcreateserial', '-extfile', extensions];
  openssl(['x509', '-req', '-in', csr, '-out', certFile, '-days', '2', ...by]);
  return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') };
}

function request(dir: string, name: string): { keyFile: string; certFile: string } {
  const keyFile = join(dir, `${name}.key`);
  openssl(['ecparam', '-genkey', '-name', 'prime256v1', '-noout', '-out', keyFile]);
  return { keyFile, certFile: join(dir, `${name}.crt`) };
}

function openssl(...words: readonly (readonly string[])[]): void {
  execFileSync('openssl', words.flat(), { stdio: ['ignore', 'pipe', 'pipe'] });
}
