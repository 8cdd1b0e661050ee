/** Fuzzing of what users and tools write about registries: credential files, helpers' answers, registries.conf. @module */
import {
  formatAuthFile,
  withCredentials,
  withoutEntries,
  withoutRegistry,
} from '../../src/formats/registry-auth/auth-edit.ts';
import { credentialsIn, helperFor, parseAuthFile } from '../../src/formats/registry-auth/auth-file.ts';
import { certificateFiles } from '../../src/formats/registry-auth/certificates.ts';
import { parseAnswer, parseServers } from '../../src/formats/registry-auth/helper-protocol.ts';
import { parseRegistriesConf } from '../../src/formats/registry-auth/registries-conf.ts';
import { routeOf } from '../../src/formats/registry-auth/route.ts';

const text = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

const HOST = 'r.example:5000';

export const authFileCase = {
  name: 'credential files',
  run(bytes: Uint8Array): void {
    const file = parseAuthFile(bytes, 'config.json');
    const credentials = { kind: 'basic', username: 'u', password: 'p' } as const;
    const edited = formatAuthFile(withCredentials(file, HOST, { kind: 'docker', credentials }));
    const again = parseAuthFile(Buffer.from(edited), 'config.json');
    if (JSON.stringify(credentialsIn(again, HOST)) !== JSON.stringify(credentials))
      throw new Error('stored, and not found');
    if (credentialsIn(parseAuthFile(text(withoutRegistry(file, HOST).raw), 'x'), HOST) !== undefined) {
      throw new Error('taken away, and found');
    }
    withoutEntries(file);
    for (const host of [HOST, 'docker.io']) {
      helperFor(file, host);
      credentialsIn(file, host, 'a/b/c');
    }
  },
  seeds: () => [
    text({
      auths: {
        'https://index.docker.io/v1/': { auth: 'dTpw', email: 'e' },
        [HOST]: { identitytoken: 'x', registrytoken: '' },
        [`${HOST}/a/b`]: { username: 'u', password: 'p' },
      },
      credHelpers: { 'r.example': 'x-1' },
      credsStore: 'y',
      HttpHeaders: { a: 'b' },
    }),
    text({ auths: { 'http://u@r.example:5000/v2/': {}, __proto__: { auth: 'dTpw' } } }),
  ],
};

export const helperCase = {
  name: 'answers of credential helpers',
  run(bytes: Uint8Array): void {
    parseAnswer(bytes, 'get');
    parseServers(bytes, 'list');
  },
  seeds: () => [text({ ServerURL: 'x', Username: '<token>', Secret: 's' }), text({ 'https://x': 'u' }), text('null')],
};

export const registriesConfCase = {
  name: 'registries.conf',
  run(bytes: Uint8Array): void {
    const conf = parseRegistriesConf(bytes, 'registries.conf');
    for (const host of ['a.example', 'x.w.example', HOST])
      routeOf(conf, { host, repository: 'n/r', tag: 't', digest: 'd' });
  },
  seeds: () => [
    text(
      'credential-helpers = ["x"]\n[[registry]]\nprefix = "a.example/n"\nlocation = "b.example:5000/m"\ninsecure = true\n[[registry.mirror]]\nlocation = "c/d"\npull-from-mirror = "digest-only"\n[[registry]]\nprefix = "*.w.example"\nblocked = false\n[aliases]\n"a" = "b/c"\n',
    ),
    text("[registries.insecure]\nregistries = ['r.example:5000']\n[registries.block]\nregistries = []\n"),
  ],
};

export const certificatesCase = {
  name: 'names in certs.d',
  run(bytes: Uint8Array): void {
    certificateFiles(Buffer.from(bytes).toString('latin1').split('\n'), 'dir');
  },
  seeds: () => [text('ca.crt\nclient.cert\nclient.key\nother\n.crt\n.key\n.cert')],
};
