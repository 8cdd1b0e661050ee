import { expect, test } from 'vitest';
import type { RunConfig } from '../formats/oci/types.ts';
import { runsScriptOf } from './runtimes.ts';
import { world } from './testing.ts';

const PYTHON = /^python3?$/;

function entry(config: RunConfig) {
  const { facts } = world(
    {
      '/usr/bin/python3': {},
      '/usr/bin/tool': '#!/usr/bin/env python3\n',
      '/usr/bin/other': '#!/bin/sh\n',
      '/app/main.py': 'import x\n',
    },
    { config },
  );
  return runsScriptOf(PYTHON, facts);
}

test.each([
  ['a script by its first line', { Entrypoint: ['tool'] }, { script: '/usr/bin/tool', interpreter: undefined }],
  [
    'a script as an argument',
    { Entrypoint: ['python3'], Cmd: ['/app/main.py', '-v'] },
    { script: '/app/main.py', interpreter: 'python3' },
  ],
  [
    'one behind options',
    { Entrypoint: ['/usr/bin/python3', '-u', '-W', 'error', 'main.py'], WorkingDir: '/app' },
    { script: '/app/main.py', interpreter: '/usr/bin/python3' },
  ],
  ['a program text', { Entrypoint: ['python3', '-c', '/app/main.py'] }, undefined],
  ['a module', { Entrypoint: ['python3', '-m', 'http.server'] }, undefined],
  ['a script that is not there', { Entrypoint: ['python3', '/app/gone.py'] }, undefined],
  ['a script of another language', { Entrypoint: ['other'] }, undefined],
  ['the interpreter alone', { Entrypoint: ['python3'] }, undefined],
  ['nothing', {}, undefined],
] satisfies [string, RunConfig, unknown][])('the image starts %s', async (_, config, expected) => {
  expect(await entry(config)).toEqual(expected);
});
