import { decodeName } from '../../src/base/names.ts';
import { holdsPrivateKey, pemBlocks } from '../../src/formats/pem/pem.ts';
import { readHashBang } from '../../src/rules/closure/heads.ts';
import { parseIndex } from '../../src/rules/gconv.ts';
import { generalised } from '../../src/rules/locales.ts';
import { parseNssSwitch, servicesOf } from '../../src/rules/nsswitch.ts';
import { parseOpensslConfig } from '../../src/rules/openssl-config.ts';
import { parseStack } from '../../src/rules/pam.ts';
import { interpreterOf } from '../../src/rules/scripts.ts';
import { parseUnit } from '../../src/rules/service-units.ts';
import { world } from '../../src/rules/testing.ts';

function seedsOf(...texts: string[]): () => Uint8Array[] {
  return () => texts.map((text) => Buffer.from(text));
}

export const pem = {
  name: 'pem',
  run(bytes: Uint8Array): void {
    const text = decodeName(bytes);
    pemBlocks(text);
    holdsPrivateKey(text);
  },
  seeds: seedsOf(
    `x\n-----BEGIN CERTIFICATE-----\nH: v\n\n${'AAAA\n'.repeat(20)}-----END CERTIFICATE-----\n`,
    `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n${'Q'.repeat(64)}\n-----END RSA PRIVATE KEY-----\n`,
  ),
};

export const hashBang = {
  name: 'hash-bang',
  run(bytes: Uint8Array): void {
    interpreterOf(readHashBang(bytes));
  },
  seeds: seedsOf('#!/usr/bin/env -S -u A B="c d" \'e\' f\\ g\n', '#! /bin/sh -e\n'),
};

export const nssSwitch = {
  name: 'nsswitch',
  run(bytes: Uint8Array): void {
    const config = parseNssSwitch(decodeName(bytes));
    servicesOf('hosts', { config, version: '2.36' });
  },
  seeds: seedsOf('hosts: files mdns4 [NOTFOUND=return !UNAVAIL=continue] dns # x\npasswd:compat\n'),
};

export const opensslConfig = {
  name: 'openssl.cnf',
  async run(bytes: Uint8Array): Promise<void> {
    const { facts } = world({ '/etc/a.cnf': { text: decodeName(bytes) }, '/etc/d/b.cnf': '.include ../a.cnf\n' });
    await parseOpensslConfig('/etc/a.cnf', facts);
  },
  seeds: seedsOf(
    'openssl_conf = i\n.include d\n[ i ]\nproviders = p # c\nengines=e\n[p]\n1.legacy = l\n[l]\nactivate = 1\n[e]\nx = y\n[y]\ndynamic_path = "/a b"\\\nc\n',
  ),
};

export const lists = {
  name: 'pam-units-gconv-locales',
  run(bytes: Uint8Array): void {
    const text = decodeName(bytes);
    parseStack(text);
    parseUnit(text);
    parseIndex(text);
    generalised(text);
  },
  seeds: seedsOf(
    'auth [success=1 default=ignore] pam_x.so a=/b \\\n c\n@include d\n-session optional y\n',
    '[Service]\nExecStart=-/bin/x \\\n y\nUser=\nRuntimeDirectory=a b:c\n',
    'alias A// B//\nmodule B// INTERNAL C 1\n',
    'de_DE.UTF-8@euro',
  ),
};
