import { describe, expect, test } from 'vitest';
import { treeOf } from '../../test/images.ts';
import type { RunConfig } from '../formats/oci/types.ts';
import { treeFiles } from '../ports/tree-files.ts';
import { planRun, type RunOptions } from './plan.ts';

const FILES = treeFiles(treeOf({ '/tmp/': '', '/etc/passwd': 'app:x:10:20::/home/app:/bin/sh\n' }));
const OPTIONS: RunOptions = {
  args: [],
  env: [],
  extraPath: [],
  volumes: [],
  network: 'none',
  hostname: 'box',
  readOnly: false,
  stdin: false,
  terminal: false,
};
const plan = (config: RunConfig, options: Partial<RunOptions> = {}, files = FILES) =>
  planRun(files, config, { ...OPTIONS, ...options });

describe('what runs', () => {
  const config = { Entrypoint: ['/entry'], Cmd: ['a', 'b'] };
  test.each<[string, RunConfig, Partial<RunOptions>, string[]]>([
    ['as the image says', config, {}, ['/entry', 'a', 'b']],
    ['arguments replace the command', config, { args: ['c'] }, ['/entry', 'c']],
    ['another entry point drops the command', config, { entrypoint: ['/x'] }, ['/x']],
    ['another entry point with arguments', config, { entrypoint: ['/x', '-y'], args: ['c'] }, ['/x', '-y', 'c']],
    ['no entry point', config, { entrypoint: [], args: ['c'] }, ['c']],
    ['a command only', { Entrypoint: null, Cmd: ['a'] }, {}, ['a']],
  ])('%s', async (_, image, options, args) => {
    expect((await plan(image, options)).process.args).toEqual(args);
  });

  test('nothing at all is an error that says what to do', async () => {
    await expect(plan({})).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('pare run IMAGE PROGRAM'),
    });
    await expect(plan(config, { entrypoint: [] })).rejects.toThrow('no command is given');
  });
});

test('the environment: defaults, the image, the user, later ones winning', async () => {
  const config = { Cmd: ['x'], Env: ['PATH=/bin', 'A=1', 'B=2'] };
  const { process } = await plan(config, { env: ['B=3', 'C=a=b', 'B=4'], extraPath: ['/lent'] });
  expect(process.env).toEqual(['PATH=/lent:/bin', 'HOSTNAME=box', 'A=1', 'B=4', 'C=a=b', 'HOME=/']);
});

test('a terminal, a home, and a PATH where the image has none', async () => {
  const { process } = await plan({ Cmd: ['x'], User: 'app' }, { terminal: true });
  expect(process.env).toEqual([
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'HOSTNAME=box',
    'TERM=xterm',
    'HOME=/home/app',
  ]);
  expect(process).toMatchObject({ uid: 10, gid: 20, cwd: '/' });
});

test('the working directory is clean and absolute', async () => {
  expect((await plan({ Cmd: ['x'], WorkingDir: 'srv/../app/' })).process.cwd).toBe('/app');
  expect((await plan({ Cmd: ['x'], WorkingDir: '/app' }, { workdir: '/w' })).process.cwd).toBe('/w');
});

describe('scratch directories', () => {
  const volume = (destination: string) => ({ source: '/host', destination, readOnly: false });
  const config = { Cmd: ['x'], Volumes: { '/data': {}, '/tmp/': {} } };
  const files = treeFiles(treeOf({ '/data/x': '' }, { mode: 0o700, uid: 5, gid: 6 }));

  test('/tmp is lent to a root without one', async () => {
    expect((await plan({ Cmd: ['x'] })).scratch).toEqual([]);
    expect((await plan({ Cmd: ['x'] }, {}, files)).scratch).toEqual([{ path: '/tmp', mode: 0o1777, uid: 0, gid: 0 }]);
    expect((await plan({ Cmd: ['x'] }, { volumes: [volume('/tmp')] }, files)).scratch).toEqual([]);
  });

  test('declared volumes of a read-only root can be written to, where nothing else stands there', async () => {
    const { scratch } = await plan(config, { readOnly: true, volumes: [volume('/data')] }, files);
    expect(scratch).toEqual([{ path: '/tmp', mode: 0o755, uid: 0, gid: 0 }]);
    expect((await plan(config, { readOnly: true }, files)).scratch.map(({ path }) => path)).toEqual(['/data', '/tmp']);
    expect((await plan(config)).scratch).toEqual([]);
  });
});
