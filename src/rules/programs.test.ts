import { expect, test } from 'vitest';
import { noProgram } from './programs.ts';
import { world } from './testing.ts';

const { files } = world({ '/etc/x': 'x', '/loop': '-> /loop', '/lost': '-> nowhere' }).facts;

test.each([
  ['/etc', 'USAGE', '/etc is a directory, and a program is wanted'],
  ['/loop', 'NOT_FOUND', 'there is no program /loop in it: its links lead in a circle'],
  ['/lost', 'NOT_FOUND', 'there is no program /lost in it: it is a link to /nowhere, which is not there'],
  ['/none', 'NOT_FOUND', 'there is no program /none in it'],
  ['etc', 'NOT_FOUND', 'there is no program etc in it'],
])('%s', async (name, code, message) => {
  expect(await noProgram(files, name, name, 'in it')).toMatchObject({ code, message });
});
