import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { ARCHITECTURES, elfHead } from './architectures.ts';
import { binfmtHandlers, handles } from './binfmt.ts';

/** As the kernel prints what qemu-user-static registers. */
const AARCH64 = `enabled
interpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P
flags: POCF
offset 0
magic 7f454c460201010000000000000000000200b700
mask ffffffffffffff00fffffffffffffffffeffffff
`;

test('handlers are found by magic and mask; disabled ones and those for extensions are not', async () => {
  await using directory = await mkdtempDisposable(`${tmpdir()}/pare-binfmt-`);
  const write = (name: string, text: string) => writeFile(`${directory.path}/${name}`, text);
  await write('qemu-aarch64', AARCH64);
  await write('off', AARCH64.replace('enabled', 'disabled'));
  await write('exe', 'enabled\ninterpreter /usr/bin/wine\nflags: \nextension .exe\n');
  await write('status', 'enabled\n');
  const handlers = await binfmtHandlers(directory.path);
  expect(handlers.map(({ name, fixed }) => [name, fixed])).toEqual([['qemu-aarch64', true]]);
  const handled = ARCHITECTURES.filter((one) => handlers.some((handler) => handles(handler, elfHead(one))));
  expect(handled.map(({ name }) => name)).toEqual(['arm64']);
});

test('where nothing is mounted there is none', async () => {
  await using directory = await mkdtempDisposable(`${tmpdir()}/pare-binfmt-`);
  expect(await binfmtHandlers(`${directory.path}/none`)).toEqual([]);
});
