import { describe, expect, test } from 'vitest';
import { directories } from './directories.ts';
import { lines, type Sketch, type WorldOptions, world } from './testing.ts';

async function asked(sketch: Sketch, files: Record<string, Sketch> = {}, options: WorldOptions = {}, use?: 'module') {
  const { facts, subject } = world({ '/bin/p': sketch, ...files }, options);
  return (await directories.file?.(await subject('/bin/p', use === undefined ? {} : { use }), facts)) ?? [];
}

describe('temporary files', () => {
  test('want /tmp where a function makes them or the program names it', async () => {
    const tmp = ['recommended directory /tmp (tmp-missing)'];
    for (const name of ['mkstemp', 'mkstemp64', 'mkdtemp', 'tmpfile', 'os.CreateTemp']) {
      expect(lines(await asked({ symbols: [name] })), name).toEqual(tmp);
    }
    expect(lines(await asked({ strings: ['/tmp/.socket-%d'] }))).toEqual(tmp);
    expect(lines(await asked({ symbols: ['mkstemp'], soname: 'libx.so' }, {}, {}, 'module'))).toEqual(tmp);
    expect(lines(await asked({ strings: ['/tmpfiles', '/usr/tmp'] }))).toEqual([]);
    expect(lines(await asked('#!/bin/sh\nT=$(mktemp)\n'))).toEqual(tmp);
  });

  test('everybody may write there, whether the source has the directory or not', async () => {
    const info = (requirements: Awaited<ReturnType<typeof asked>>) =>
      requirements.map(({ want }) => (want.kind === 'directory' ? want.info.meta.mode : 0));
    expect(info(await asked({ symbols: ['mkstemp'] }))).toEqual([0o1777]);
    expect(info(await asked({ symbols: ['mkstemp'] }, { '/tmp': { mode: 0o1755 } }))).toEqual([0o1755]);
  });

  test('go where TMPDIR says', async () => {
    const { facts } = world({}, { config: { Env: ['TMPDIR=/scratch'] } });
    expect(lines((await directories.image?.(facts)) ?? [])).toEqual(['recommended directory /scratch (tmp-missing)']);
  });
});

describe('state', () => {
  const there = { '/var/log/p': { mode: 0o750, uid: 33, gid: 4 }, '/run': '/', '/var/lib': '/', '/var/run': '-> /run' };

  test('is kept in the deepest directory that is there, with its owner', async () => {
    const all = await asked(
      { strings: ['/var/log/p/error.log', '/var/run/p.pid', '/var/lib/other/x', 'see /var/log', '/usr/lib/y'] },
      there,
    );
    expect(lines(all)).toEqual([
      'recommended directory /var/lib',
      'recommended directory /var/log/p',
      'recommended directory /var/run',
    ]);
    const log = all.find(({ want }) => want.kind === 'directory' && want.path === '/var/log/p')?.want;
    expect(log?.kind === 'directory' ? log.info.meta : undefined).toEqual({ mode: 0o750, uid: 33, gid: 4 });
  });

  test('of libraries is not asked for', async () => {
    expect(await asked({ soname: 'libx.so', strings: ['/run/x'] }, there, {}, 'module')).toEqual([]);
  });

  test('that a package ships empty comes with its programs', async () => {
    const packages = {
      p: [
        '/bin/p',
        '/var',
        '/var/lib',
        '/var/lib/p',
        '/var/log/p',
        '/var/cache/p',
        '/var/cache/p/seed',
        '/usr/share/doc/p',
      ],
    };
    const files = { ...there, '/var/lib/p': { mode: 0o700, uid: 9 }, '/var/cache/p': '/', '/var/cache/p/seed': 'x' };
    expect(lines(await asked({}, files, { packages }))).toEqual([
      'recommended directory /var/lib/p',
      'recommended directory /var/log/p',
    ]);
  });

  test('that a configuration names is kept too, but not what its comments say', async () => {
    const conf = '# dir /var/log/p\ndir /var/lib\npidfile="/run/p/p.pid"\nurl http://x/var/log/p\n';
    const { facts, subject } = world({ ...there, '/etc/p.conf': conf });
    const all = (await directories.file?.(await subject('/etc/p.conf', { use: 'data' }), facts)) ?? [];
    expect(lines(all)).toEqual(['recommended directory /run', 'recommended directory /var/lib']);
  });
});

describe('a service', () => {
  const unit = `[Service]
ExecStart=-/usr/sbin/serve \\
  --x
User=app
Group=web
RuntimeDirectory=app sub/%i
RuntimeDirectoryMode=2750
LogsDirectory=
StateDirectory=app:link
ReadWritePaths=-/var/log/app /var/none /etc/app
`;
  const files = {
    '/usr/sbin/serve': '-> ../../bin/p',
    '/lib/systemd/system/app.service': unit,
    '/var/lib/app': { mode: 0o700, uid: 5, gid: 6 },
    '/var/log/app': '/',
    '/etc/passwd': 'app:x:100:101::/:/x\n',
    '/etc/group': 'web:x:33:\n',
  };
  const packages = { p: ['/bin/p', '/usr/sbin/serve', '/lib/systemd/system/app.service'] };

  test('has the user and the directories that its unit names', async () => {
    const all = await asked({}, files, { packages });
    expect(lines(all)).toEqual([
      'recommended directory /run/app',
      'recommended directory /var/lib/app',
      'recommended directory /var/log/app',
      'recommended group web',
      'recommended user app',
    ]);
    const meta = (path: string) =>
      all.flatMap(({ want }) => (want.kind === 'directory' && want.path === path ? [want.info.meta] : []));
    expect(meta('/run/app')).toEqual([{ mode: 0o2750, uid: 100, gid: 33 }]);
    expect(meta('/var/lib/app')).toEqual([{ mode: 0o700, uid: 5, gid: 6 }]);
  });

  test('of another program is none of its business', async () => {
    expect(await asked({}, { ...files, '/usr/sbin/serve': 'other' }, { packages })).toEqual([]);
  });
});
