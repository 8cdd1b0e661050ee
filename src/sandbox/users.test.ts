import { expect, test } from 'vitest';
import { treeOf } from '../../test/images.ts';
import { treeFiles } from '../ports/tree-files.ts';
import { programUser } from './users.ts';

const FILES = treeFiles(
  treeOf({
    '/etc/passwd':
      'root:x:0:0:root:/root:/bin/sh\nredis:x:999:998::/var/lib/redis:/bin/false\n42:x:7:7::/odd:/bin/sh\nbroken\n',
    '/etc/group': 'root:x:0:\nredis:x:998:\nssl:x:101:redis,other\naudio:x:29:redis\n',
  }),
);
const EMPTY = treeFiles(treeOf({}));

test.each([
  ['', { uid: 0, gid: 0, groups: [], home: '/root' }],
  ['redis', { uid: 999, gid: 998, groups: [29, 101], home: '/var/lib/redis' }],
  ['999', { uid: 999, gid: 998, groups: [29, 101], home: '/var/lib/redis' }],
  ['redis:ssl', { uid: 999, gid: 101, groups: [], home: '/var/lib/redis' }],
  ['redis:5', { uid: 999, gid: 5, groups: [], home: '/var/lib/redis' }],
  ['1234', { uid: 1234, gid: 0, groups: [], home: '/' }],
  ['1234:5678', { uid: 1234, gid: 5678, groups: [], home: '/' }],
  // A name of digits is a name first.
  ['42', { uid: 7, gid: 7, groups: [], home: '/odd' }],
])('"%s"', async (text, user) => {
  expect(await programUser(FILES, text)).toEqual(user);
});

test('without passwd and group, numbers do', async () => {
  expect(await programUser(EMPTY, '')).toEqual({ uid: 0, gid: 0, groups: [], home: '/' });
  expect(await programUser(EMPTY, '10000:10000')).toEqual({ uid: 10000, gid: 10000, groups: [], home: '/' });
});

test('what nobody knows is named', async () => {
  await expect(programUser(FILES, 'bob')).rejects.toThrow('the image has no user "bob"');
  await expect(programUser(FILES, 'redis:staff')).rejects.toThrow('the image has no group "staff"');
  await expect(programUser(FILES, '4294967296')).rejects.toThrow('out of range');
});
