/** Which files of a registry's directory in certs.d are what: containers-certs.d(5), and Docker's directory of that name. @module */
import { ImageError } from '../../base/errors.ts';

export interface CertificateFiles {
  /** Authorities: `*.crt`. */
  readonly authorities: readonly string[];
  /** The client's certificate and its key, `NAME.cert` and `NAME.key`; of several the first. */
  readonly identity: { readonly certificate: string; readonly key: string } | undefined;
}

/**
 * @param names the directory's files, in any order
 * @param dir for messages
 * @throws ImageError INVALID for a certificate without its key, and the reverse
 */
export function certificateFiles(names: readonly string[], dir: string): CertificateFiles {
  const sorted = [...names].sort();
  const stems = (ending: string) =>
    sorted.filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length));
  const [certificates, keys] = [stems('.cert'), stems('.key')];
  const alone = [
    ...certificates.filter((stem) => !keys.includes(stem)).map((stem) => [`${stem}.cert`, `${stem}.key`] as const),
    ...keys.filter((stem) => !certificates.includes(stem)).map((stem) => [`${stem}.key`, `${stem}.cert`] as const),
  ];
  for (const [there, missing] of alone) {
    throw new ImageError('INVALID', `${dir} has ${there}, and no ${missing}`, {
      hint: 'a client is known by both; the certificates of authorities end with .crt',
    });
  }
  const [stem] = certificates;
  return {
    authorities: stems('.crt').map((name) => `${name}.crt`),
    identity: stem === undefined ? undefined : { certificate: `${stem}.cert`, key: `${stem}.key` },
  };
}
