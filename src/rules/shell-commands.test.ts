import { describe, expect, test } from 'vitest';
import type { RunConfig } from '../formats/oci/types.ts';
import { shellCommands } from './shell-commands.ts';
import { lines, type Sketch, world } from './testing.ts';

async function asked(text: string, files: Record<string, Sketch> = {}, use: 'program' | 'data' = 'program') {
  const { facts, subject } = world({ '/x': text, ...files });
  return lines((await shellCommands.file?.(await subject('/x', { use }), facts)) ?? []);
}

async function image(config: RunConfig, files: Record<string, Sketch> = {}) {
  const { facts } = world(files, { config });
  return lines((await shellCommands.image?.(facts)) ?? []);
}

describe('a script', () => {
  test('gets the commands that it calls, and is offered those that it may call', async () => {
    expect(await asked('#!/bin/sh\nsed x | /opt/y\ncommand -v tac && tac\n./z; /tmp/made\n')).toEqual([
      'recommended path /opt/y (command-missing)',
      'recommended program sed (command-missing)',
      'suggested program tac',
    ]);
  });

  test('of another language, or one that is only read, is not looked into', async () => {
    expect(await asked('#!/usr/bin/python3\nsed\n')).toEqual([]);
    expect(await asked('#!/bin/sh\nsed\n', {}, 'data')).toEqual([]);
    expect(await asked('#!/usr/bin/env -S bash -e\nsed\n')).toEqual(['recommended program sed (command-missing)']);
  });

  test('gets the files it reads in, and what those call', async () => {
    const files = {
      '/lib/a.sh': '. /lib/b.sh\nhelper() { awk; }\n',
      '/lib/b.sh': 'cut\n. /lib/a.sh\n',
    };
    const text = '#!/bin/sh\n. /lib/a.sh\n[ -r /etc/default/x ] && . /etc/default/x\nhelper\n. /run/state\n';
    expect(await asked(text, files)).toEqual([
      'recommended path /etc/default/x',
      'recommended path /lib/a.sh (data-missing)',
      'recommended path /lib/b.sh (data-missing)',
      'recommended program awk (command-missing)',
      'recommended program cut (command-missing)',
    ]);
  });

  test('gets the users whose names it gives to commands', async () => {
    expect(await asked('#!/bin/sh\nchown app:web /x\n')).toEqual([
      'recommended group web',
      'recommended program chown (command-missing)',
      'recommended user app',
    ]);
  });
});

describe('the config', () => {
  test('in shell form', async () => {
    expect(await image({ Cmd: ['/bin/sh', '-c', 'exec nginx -g x; ls'] })).toEqual([
      'recommended program ls (command-missing)',
      'recommended program nginx (command-missing)',
    ]);
    expect(await image({ Healthcheck: { Test: ['CMD-SHELL', 'curl -f http://x || exit 1'] } })).toEqual([
      'recommended program curl (command-missing)',
    ]);
  });

  test('by way of another command', async () => {
    expect(await image({ Entrypoint: ['/sbin/tini', '--'], Cmd: ['/bin/app', 'x'] })).toEqual([
      'recommended path /bin/app (command-missing)',
    ]);
    expect(await image({ Healthcheck: { Test: ['CMD', 'timeout', '5', 'probe'] } })).toEqual([
      'recommended program probe (command-missing)',
    ]);
    expect(await image({ Entrypoint: ['/bin/app'], Cmd: ['x'] })).toEqual([]);
  });

  test('by way of a script that runs its arguments', async () => {
    const files = { '/entry.sh': { text: '#!/bin/sh\nset -e\nexec "$@"\n', mode: 0o755 } };
    expect(await image({ Entrypoint: ['/entry.sh'], Cmd: ['serve', '-x'] }, files)).toEqual([
      'recommended program serve (command-missing)',
    ]);
    expect(await image({ Entrypoint: ['/entry.sh'], Cmd: ['--only-options'] }, files)).toEqual([]);
    expect(await image({ Entrypoint: ['nice', '/entry.sh'], Cmd: ['sh', '-c', 'ls'] }, files)).toEqual([
      'recommended path /entry.sh (command-missing)',
      'recommended program ls (command-missing)',
      'recommended program sh (command-missing)',
    ]);
  });
});
