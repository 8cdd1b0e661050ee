import { paragraphs } from '../../src/rules/packages/deb822.ts';

export const deb822 = {
  name: 'deb822',
  run(bytes: Uint8Array): void {
    for (const paragraph of paragraphs(bytes, { what: 'input' })) paragraph.get('package');
    for (const paragraph of paragraphs(bytes, { what: 'input', fields: new Set(['package']) })) paragraph.size;
  },
  seeds(): Uint8Array[] {
    return [
      'Package: a\nStatus: install ok installed\nDepends: b (>= 1) | c,\n d:any\nConffiles:\n /etc/x 0123456789abcdef0123456789abcdef\n\nPackage: b\n',
      '# comment\nA:\n\t1\n \n\nB : 2\r\n',
    ].map((text) => Buffer.from(text));
  },
};
