import { expect, test } from 'vitest';
import { world } from '../testing.ts';
import { licensesOf } from './licenses.ts';
import type { Package } from './types.ts';

const PACKAGE: Package = {
  kind: 'dpkg',
  name: 'x',
  version: '1',
  architecture: 'all',
  depends: [],
  source: undefined,
};

function ofCopyright(text: string) {
  return licensesOf(world({ '/usr/share/doc/x/copyright': text }).facts.files, PACKAGE);
}

test('the fields of a machine-readable copyright file count, its licence texts do not', async () => {
  const text = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: x

Files: *
Copyright: 2020 A
License: BSD-3-clause
 Redistribution …

Files: debian/*
Copyright: 2021 B
License: GPL-2+ and MIT

License: Artistic
 Text that nothing refers to
`;
  expect(await ofCopyright(text)).toEqual({ basis: 'stated', names: ['BSD-3-clause', 'GPL-2+ and MIT'] });
});

test('prose is searched for references to the common licences', async () => {
  const text = "On Debian systems see `/usr/share/common-licenses/GPL-2', or /usr/share/common-licenses/LGPL-2.1.\n";
  expect(await ofCopyright(text)).toEqual({ basis: 'referred', names: ['GPL-2', 'LGPL-2.1'] });
});

test('a file that only looks machine-readable counts as prose', async () => {
  const text = 'Format: 1.0\nthis is no field\nsee /usr/share/common-licenses/Apache-2.0\n';
  expect(await ofCopyright(text)).toEqual({ basis: 'referred', names: ['Apache-2.0'] });
});

test('a field of the database is enough', async () => {
  const { files } = world({}).facts;
  expect(await licensesOf(files, { ...PACKAGE, kind: 'apk', license: 'MIT' })).toEqual({
    basis: 'stated',
    names: ['MIT'],
  });
});

test('nothing tells', async () => {
  const { files } = world({}).facts;
  expect(await licensesOf(files, PACKAGE)).toBeUndefined();
  expect(await ofCopyright('All rights reserved.')).toBeUndefined();
});
