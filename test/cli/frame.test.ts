/** What all verbs have in common: help, mistakes, streams, signals, exit statuses. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { workplace } from '../images.ts';
import { LAUNCHER, pare, start, startPare } from './pare.ts';

const VERSION = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;

describe('help', () => {
  test('--version prints the version, and nothing else', async () => {
    expect(await pare(['--version'])).toMatchObject({ status: 0, stdout: `${VERSION}\n`, stderr: '' });
    expect(await pare(['-V'])).toMatchObject({ status: 0, stdout: `${VERSION}\n` });
  });

  test('--help names every verb but the hidden ones, on stdout', async () => {
    const { status, stdout, stderr } = await pare(['--help']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const { name, summary, hidden } of COMMANDS) {
      if (hidden === true) expect(stdout).not.toContain(`  ${name} `);
      else expect(stdout).toContain(`  ${name}`);
      if (hidden !== true) expect(stdout.replace(/\s+/g, ' ')).toContain(summary);
    }
  });

  test('without anything the help goes to stderr: it was no success', async () => {
    const { status, stdout, stderr } = await pare([]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('Usage: pare');
  });

  test('help alone is --help', async () => {
    expect((await pare(['help'])).stdout).toBe((await pare(['--help'])).stdout);
  });

  test.each([
    ['help', 'doctor'],
    ['doctor', '--help'],
    ['doctor', '-h'],
  ])('%s %s explains the verb', async (...args) => {
    const { status, stdout } = await pare(args);
    expect(status).toBe(0);
    expect(stdout).toContain('Usage: pare doctor');
    expect(stdout).toContain('--json');
  });

  test('run has no --json: its stdout is the program’s', async () => {
    expect((await pare(['help', 'run'])).stdout).not.toContain('--json');
  });
});

describe('mistakes', () => {
  test.each([
    [['docter'], 2, "unknown command 'docter'", 'did you mean doctor?'],
    [['help', 'docter'], 2, "unknown command 'docter'", 'did you mean doctor?'],
    [['doctor', '--jsn'], 2, "unknown option '--jsn'", 'did you mean --json?'],
    [['doctor', 'x'], 2, 'too many arguments', '"pare help doctor" shows the usage'],
    [['index', 'foo', 'x'], 2, 'foo is no action of index: it can be create, add, remove', '"pare help index"'],
    [['inspect'], 2, "missing required argument 'ref'", '"pare help inspect" shows the usage'],
    [['completion', 'tcsh'], 2, 'Allowed choices are bash, zsh, fish', '"pare help completion" shows the usage'],
    [['--nonsense'], 2, "unknown option '--nonsense'", '"pare --help" shows the usage'],
    [['run'], 125, "missing required argument 'image'", '"pare help run" shows the usage'],
    [['run', '--nonsense', 'x'], 125, "unknown option '--nonsense'", '"pare help run" shows the usage'],
  ])('%j', async (args, status, message, hint) => {
    const ended = await pare(args);
    expect(ended).toMatchObject({ status, stdout: '' });
    const [first, second] = ended.stderr.split('\n');
    expect(first).toMatch(/^pare: /);
    expect(first).toContain(message);
    expect(second).toMatch(/^ {2}hint: /);
    expect(second).toContain(hint);
  });

  test('an error says what, where and why, without a stack unless --debug', async () => {
    await using place = await workplace();
    const reference = `oci:${place.dir}/nowhere`;
    const plain = await pare(['inspect', reference]);
    expect(plain.status).toBe(3);
    expect(plain.stderr).toContain(`${place.dir}/nowhere`);
    expect(plain.stderr).not.toMatch(/\n\s+at /);
    for (const args of [
      ['--debug', 'inspect', reference],
      ['inspect', '--debug', reference],
      ['inspect', reference, '--debug'],
    ]) {
      const debugged = await pare(args);
      expect(debugged.status).toBe(3);
      expect(debugged.stderr).toMatch(/\n\s+at /);
    }
  });
});

describe('colour', () => {
  test('follows NO_COLOR and FORCE_COLOR', async () => {
    const escaped = '\u001B[';
    expect((await pare(['docter'])).stderr).not.toContain(escaped);
    expect((await pare(['docter'], { env: { FORCE_COLOR: '1' } })).stderr).toContain(escaped);
    expect((await pare(['docter'], { env: { NO_COLOR: '1' } })).stderr).not.toContain(escaped);
    expect((await pare(['help', 'doctor'], { env: { FORCE_COLOR: '1' } })).stdout).toContain(escaped);
  });
});

describe('streams', () => {
  test('a reader that leaves early is no error', async () => {
    const script = `"$0" "$1" completion bash | head -n 1; echo "status \${PIPESTATUS[0]}"`;
    const { child, ended } = start(['bash', '-c', script, process.execPath, LAUNCHER]);
    child.stdin?.end();
    expect(await ended).toMatchObject({ stdout: '# bash completion for pare\nstatus 0\n', stderr: '' });
  });

  test('nothing of a long result is lost in a slow pipe', async () => {
    const script = `"$0" "$1" completion bash | (sleep 1; cat) | wc -c`;
    const { child, ended } = start(['bash', '-c', script, process.execPath, LAUNCHER]);
    child.stdin?.end();
    const whole = (await pare(['completion', 'bash'])).stdout.length;
    expect(Number((await ended).stdout)).toBe(whole);
  });
});

describe('signals', () => {
  /** Waits for an archive on stdin, which never comes. */
  const waiting = async (env: Readonly<Record<string, string | undefined>>) => {
    const running = startPare(['copy', 'docker-archive:-', 'x'], { env });
    await sleep(1500);
    return running;
  };

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s ends the run with status %i and without a word of failure', async (signal, status) => {
    await using place = await workplace();
    const { child, ended } = await waiting(place.access.env);
    child.kill(signal);
    const end = await ended;
    expect(end).toMatchObject({ status, signal: null, stdout: '' });
    expect(end.stderr).toBe('pare: interrupted\n');
  });

  test('a terminal’s interrupt that comes twice at once, by way of npx, is one', async () => {
    await using place = await workplace();
    const { child, ended } = await waiting(place.access.env);
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ status: 130, signal: null });
  });
});
