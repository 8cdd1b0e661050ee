import { describe, expect, test } from 'vitest';
import type { RunConfig } from '../formats/oci/types.ts';
import { config, isShellForm } from './config.ts';
import { lines, type Sketch, world } from './testing.ts';

async function asked(run: RunConfig, files: Record<string, Sketch> = {}) {
  const { facts } = world(files, { config: run });
  return (await config.image?.(facts)) ?? [];
}

describe('the command', () => {
  test('starts the first word of ENTRYPOINT and CMD', async () => {
    expect(lines(await asked({ Entrypoint: ['/bin/a'], Cmd: ['b'] }))).toEqual([
      'required program /bin/a (entrypoint-missing)',
    ]);
    expect(lines(await asked({ Cmd: ['b', '-x'] }))).toEqual(['required program b (entrypoint-missing)']);
    expect(await asked({ Entrypoint: null, Cmd: [] })).toEqual([]);
  });

  test('in shell form needs the shell', async () => {
    expect(lines(await asked({ Cmd: ['/bin/sh', '-c', 'ls'] }))).toEqual([
      'required program /bin/sh (shell-form-without-shell)',
    ]);
    expect(isShellForm(['/bin/bash', '-c', 'x'])).toBe(true);
    expect(isShellForm(['/bin/sh', 'script', '-c'])).toBe(false);
  });

  test('names paths among its arguments, but not what comes into being when it runs', async () => {
    const run = {
      Entrypoint: ['/bin/a', '/etc/a.conf', '--log=/var/log/a', '--data=/srv/x', '/vol/y'],
      Volumes: { '/vol': {} },
    };
    expect(lines(await asked(run))).toEqual([
      'recommended path /etc/a.conf (data-missing)',
      'recommended path /srv/x (data-missing)',
      'required directory /vol',
      'required program /bin/a (entrypoint-missing)',
    ]);
  });
});

test('the health check, in both forms', async () => {
  const at = async (Test: string[], Shell?: string[]) =>
    lines(await asked({ Healthcheck: { Test }, ...(Shell && { Shell }) }));
  expect(await at(['CMD', 'probe', 'x'])).toEqual(['required program probe (entrypoint-missing)']);
  expect(await at(['CMD-SHELL', 'probe x'])).toEqual(['required program /bin/sh (shell-form-without-shell)']);
  expect(await at(['CMD-SHELL', 'probe x'], ['/bin/dash', '-c'])).toEqual([
    'required program /bin/dash (shell-form-without-shell)',
  ]);
  expect(await at(['NONE'])).toEqual([]);
  expect(await at([])).toEqual([]);
});

test('the user and group by name have to be known, by number they need not', async () => {
  expect(lines(await asked({ User: 'app:web' }))).toEqual([
    'required group web (user-unknown)',
    'required user app (user-unknown)',
  ]);
  expect(lines(await asked({ User: '10:20' }))).toEqual(['recommended group 20', 'recommended user 10']);
});

describe('directories', () => {
  const infos = async (run: RunConfig, files: Record<string, Sketch> = {}) =>
    (await asked(run, files)).flatMap(({ want }) => (want.kind === 'directory' ? [[want.path, want.info.meta]] : []));

  test('that are there keep their owner and mode', async () => {
    const there = { '/data': { mode: 0o750, uid: 7, gid: 8 } };
    expect(await infos({ Volumes: { '/data': {} } }, there)).toEqual([['/data', { mode: 0o750, uid: 7, gid: 8 }]]);
  });

  test('that are new belong to the user of the image', async () => {
    const accounts = { '/etc/passwd': 'app:x:100:101::/:/x\n', '/etc/group': 'web:x:33:\n' };
    const owner = async (User: string) => (await infos({ User, WorkingDir: '/w' }, accounts))[0]?.[1];
    expect(await owner('app')).toEqual({ mode: 0o755, uid: 100, gid: 101 });
    expect(await owner('app:web')).toEqual({ mode: 0o755, uid: 100, gid: 33 });
    expect(await owner('10000:5')).toEqual({ mode: 0o755, uid: 10000, gid: 5 });
    expect(await owner('')).toEqual({ mode: 0o755, uid: 0, gid: 0 });
    expect(await owner('unknown')).toEqual({ mode: 0o755, uid: 0, gid: 0 });
  });

  test('the working directory is missed where it is not there, the root never', async () => {
    expect(lines(await asked({ WorkingDir: '/w' }))).toEqual(['required directory /w (workdir-missing)']);
    expect(await asked({ WorkingDir: '/' })).toEqual([]);
  });
});
