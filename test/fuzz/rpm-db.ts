import { rpmPackages } from '../../src/rules/packages/rpm-facts.ts';
import { encodeBerkeley, encodeNdb, encodePackage, encodeSqlite } from '../rpm-samples.ts';

const PACKAGES = ['a', 'b', 'c'].map((name) =>
  encodePackage({
    name,
    files: ['/etc/x', '/usr/bin/y', ...Array.from({ length: name === 'c' ? 60 : 0 }, (_, i) => `/usr/share/${i}`)],
    configuration: ['/etc/x'],
    requires: ['a', 'z'],
  }),
);

export const rpmDatabase = {
  name: 'rpm-db',
  run(bytes: Uint8Array): void {
    for (const one of rpmPackages(Buffer.from(bytes), undefined, 'input')) {
      one.files();
      one.configuration();
    }
  },
  seeds(): Uint8Array[] {
    return [encodeNdb(PACKAGES), encodeBerkeley(PACKAGES), encodeBerkeley(PACKAGES, 'big'), encodeSqlite(PACKAGES)];
  },
};

/** The write-ahead log: behind a database that is right. */
export const rpmLog = {
  name: 'rpm-wal',
  run(bytes: Uint8Array): void {
    rpmPackages(encodeSqlite(PACKAGES), Buffer.from(bytes), 'input');
  },
  seeds(): Uint8Array[] {
    return [Buffer.from('377f0682002de21800000200', 'hex')];
  },
};
