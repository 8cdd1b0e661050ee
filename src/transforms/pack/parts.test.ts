/** The small parts of packing, each by itself. */
import { describe, expect, test } from 'vitest';
import { ImageError } from '../../base/errors.ts';
import { environmentOf } from '../../rules/facts.ts';
import { world } from '../../rules/testing.ts';
import { accountFiles } from './accounts.ts';
import { expandAdditions, parseAddition } from './additions.ts';
import { imageConfig } from './config.ts';

describe('--add', () => {
  test.each([
    ['/a', { from: '/a', to: undefined }],
    ['/a:/b', { from: '/a', to: '/b' }],
    ['/a\\:b:/c\\:d', { from: '/a:b', to: '/c:d' }],
    ['/a:/b:c', { from: '/a', to: '/b:c' }],
  ])('%s', (text, addition) => {
    expect(parseAddition(text)).toEqual(addition);
  });

  test.each(['', ':', '/a:', ':/b'])('"%s" names nothing', (text) => {
    expect(() => parseAddition(text)).toThrow(ImageError);
  });

  const { facts } = world({
    '/srv/a.conf': 'a',
    '/srv/b.conf': 'b',
    '/srv/deep/c.conf': 'c',
    '/srv/[x]': 'literal',
    '/link': '-> srv',
    '/srv/up': '-> ..',
  });
  const expanded = async (...texts: string[]) =>
    (await expandAdditions(facts.files, texts.map(parseAddition))).map(({ path, to }) =>
      to ? `${path} -> ${to}` : path,
    );

  test('takes paths and patterns of the source, through links', async () => {
    expect(await expanded('/srv/a.conf', 'srv/b.conf')).toEqual(['/srv/a.conf', '/srv/b.conf']);
    expect(await expanded('/link/*.conf')).toEqual(['/link/a.conf', '/link/b.conf']);
    expect(await expanded('/srv/**/*.conf')).toEqual(['/srv/a.conf', '/srv/b.conf', '/srv/deep/c.conf']);
    expect(await expanded('/srv/[x]')).toEqual(['/srv/[x]']);
    expect(await expanded('/{link,srv}/a.*')).toEqual(['/link/a.conf', '/srv/a.conf']);
  });

  test('puts one file at a path, and several into a directory', async () => {
    expect(await expanded('/srv/a.conf:/etc/x')).toEqual(['/srv/a.conf -> /etc/x']);
    expect(await expanded('/srv/a.conf:/etc/')).toEqual(['/srv/a.conf -> /etc/a.conf']);
    expect(await expanded('/srv/*.conf:/etc')).toEqual(['/srv/a.conf -> /etc/a.conf', '/srv/b.conf -> /etc/b.conf']);
    expect(await expanded('/srv/deep:/opt')).toEqual(['/srv/deep -> /opt']);
  });

  test('says what it does not find', async () => {
    await expect(expanded('/nothing')).rejects.toThrow(/no such file in the source/);
    await expect(expanded('/srv/*.none')).rejects.toThrow('the pattern matches nothing in the source');
  });
});

describe('passwd and group', () => {
  const passwd = [
    'root:x:0:0:The Boss:/root:/bin/zsh',
    'daemon:x:1:1::/:/bin/sh',
    'nobody:x:65534:65534:n:/nonexistent:/usr/sbin/nologin',
    'redis:$6$hash:103:106:Jane Doe,,,:/var/lib/redis:/bin/bash',
  ].join('\n');
  const group = 'root:x:0:\nnogroup:x:65534:\nredis:x:106:jane,redis\nssl-cert:x:105:redis,jane\n';
  const sources = { passwd, group, basePasswd: undefined, baseGroup: undefined };
  const wishes = { users: [], groups: [], uids: [], gids: [], user: undefined };

  test('hold root and nobody, and neither passwords nor names of people', () => {
    expect(accountFiles(sources, { ...wishes, users: ['redis'], gids: [105] })).toEqual({
      passwd:
        'root:x:0:0:root:/root:/sbin/nologin\nredis:x:103:106:redis:/var/lib/redis:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n',
      group: 'root:x:0:\nssl-cert:x:105:redis\nredis:x:106:redis\nnogroup:x:65534:\n',
    });
  });

  test('are made up where the source has none', () => {
    const none = { ...sources, passwd: '', group: '' };
    expect(accountFiles(none, { ...wishes, users: ['ghost'] })).toEqual({
      passwd: 'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n',
      group: 'root:x:0:\nnogroup:x:65534:\n',
    });
  });

  test('get the new user, in place of one of that name', () => {
    const user = { name: 'redis', uid: 7, gid: 8 };
    const made = accountFiles(sources, { ...wishes, users: ['redis'], user });
    expect(made.passwd).toMatch(/^redis:x:7:8:redis:\/home\/redis:\/sbin\/nologin$/m);
    expect(made.passwd.match(/^redis:/gm)).toHaveLength(1);
    expect(made.group).toMatch(/^redis:x:8:$/m);
  });

  test('are added to those of the base, whose lines stay', () => {
    const base = { basePasswd: 'root:x:0:0:base:/root:/bin/sh\n', baseGroup: 'root:x:0:\n' };
    const made = accountFiles({ ...sources, ...base }, { ...wishes, users: ['redis'] });
    expect(made.passwd).toMatch(/^root:x:0:0:base:\/root:\/bin\/sh\nredis:/);
    expect(made.passwd.match(/^root:/gm)).toHaveLength(1);
  });
});

describe('the config', () => {
  const source = { files: world({}).facts.files, platform: { os: 'linux', architecture: 'amd64' }, config: undefined };
  const request = {
    args: [],
    user: undefined,
    env: [],
    workdir: undefined,
    volumes: [],
    expose: [],
    labels: {},
    entrypoint: undefined,
    cmd: undefined,
    stopSignal: undefined,
    base: undefined,
    source,
  };

  test('starts the program with the arguments, and says no more than it has to', () => {
    expect(imageConfig({ ...request, args: ['-x'] }, '/bin/a')).toEqual({
      Entrypoint: ['/bin/a'],
      Cmd: ['-x'],
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    });
  });

  test("takes over the source image's variables, and lets the request win", () => {
    const config = imageConfig(
      { ...request, source: { ...source, config: { Env: ['A=1', 'B=2', 'A=3'] } }, env: ['B=x=y'] },
      '/a',
    );
    expect(environmentOf(config)).toMatchObject({ A: '3', B: 'x=y' });
    expect(config.Env?.filter((line) => line.startsWith('A='))).toEqual(['A=3']);
  });

  test('goes on from that of the base, but for what it started', () => {
    const base = {
      config: {
        Entrypoint: ['/old'],
        Cmd: ['x'],
        Healthcheck: { Test: ['NONE'] },
        WorkingDir: '/w',
        Labels: { a: '1' },
      },
      tree: {
        root: { kind: 'dir', meta: { mode: 0o755, uid: 0, gid: 0 }, mtime: 0, mtimeNs: 0, names: [], nodes: [] },
      },
    } as const;
    expect(imageConfig({ ...request, base, labels: { b: '2' } }, '/new')).toMatchObject({
      Entrypoint: ['/new'],
      WorkingDir: '/w',
      Labels: { a: '1', b: '2' },
    });
    expect(imageConfig({ ...request, base }, '/new')).not.toHaveProperty('Cmd');
    expect(imageConfig({ ...request, base }, '/new')).not.toHaveProperty('Healthcheck');
    expect(imageConfig({ ...request, base }, undefined)).toMatchObject({ Entrypoint: ['/old'], Cmd: ['x'] });
  });
});
