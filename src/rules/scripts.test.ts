import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readHashBang } from './closure/heads.ts';
import { interpreterOf, scripts } from './scripts.ts';
import { lines, world } from './testing.ts';

const interpreter = (line: string) => interpreterOf(readHashBang(new TextEncoder().encode(`${line}\n`)));

describe('the interpreter', () => {
  test.each([
    ['#!/bin/sh', '/bin/sh', undefined, 'sh', []],
    ['#! /bin/sh -e', '/bin/sh', undefined, 'sh', ['-e']],
    ['#!/usr/bin/python3 -E -s', '/usr/bin/python3', undefined, 'python3', ['-E -s']],
    ['#!/usr/bin/env python3', '/usr/bin/env', 'python3', 'python3', []],
    ['#!/usr/bin/env -S deno run --allow-net', '/usr/bin/env', 'deno', 'deno', ['run', '--allow-net']],
    ['#!/usr/bin/env -iS PATH=/bin "my prog" x', '/usr/bin/env', 'my prog', 'my prog', ['x']],
    ['#!/usr/bin/env -vS -u LANG -C / A=b perl -w', '/usr/bin/env', 'perl', 'perl', ['-w']],
    ['#!/usr/bin/env --split-string=bash -c', '/usr/bin/env', 'bash', 'bash', ['-c']],
    ['#!/usr/bin/env -S -- /opt/x/run', '/usr/bin/env', '/opt/x/run', 'run', []],
  ])('%s', (line, path, command, name, args) => {
    expect(interpreter(line)).toEqual({ path, command, name, args });
  });

  test('without -S, env gets the whole rest of the line as one word', () => {
    expect(interpreter('#!/usr/bin/env python3 -u')?.command).toBe('python3 -u');
  });

  test('is what the system starts', () => {
    const dir = mkdtempSync(join(tmpdir(), 'pare-scripts-'));
    try {
      const path = join(dir, 'x');
      for (const line of [
        '#!/usr/bin/env -S A=b printf [%s]',
        '#!/usr/bin/env -S -u HOME -- printf "[%s]"',
        '#!/usr/bin/printf [%s]',
      ]) {
        writeFileSync(path, `${line}\n`);
        chmodSync(path, 0o755);
        expect(execFileSync(path, [], { encoding: 'utf8' })).toBe(`[${path}]`);
        expect(interpreter(line)).toMatchObject({ name: 'printf', args: ['[%s]'] });
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('the rule', () => {
  const asked = async (text: string, use?: 'program' | 'data') => {
    const { facts, subject } = world({ '/x': text });
    return lines((await scripts.file?.(await subject('/x', use === undefined ? {} : { use }), facts)) ?? []);
  };

  test('wants the interpreter of a program, and what env looks up', async () => {
    expect(await asked('#!/bin/dash -e\n')).toEqual(['required path /bin/dash (script-interpreter-missing)']);
    expect(await asked('#!/usr/bin/env perl\n')).toEqual([
      'required path /usr/bin/env (script-interpreter-missing)',
      'required program perl (script-interpreter-missing)',
    ]);
  });

  test('only suggests that of a file that is read', async () => {
    expect(await asked('#!/usr/bin/env perl\n', 'data')).toEqual([
      'suggested path /usr/bin/env',
      'suggested program perl',
    ]);
  });

  test('wants nothing of other files', async () => {
    expect(await asked('text\n')).toEqual([]);
  });
});
