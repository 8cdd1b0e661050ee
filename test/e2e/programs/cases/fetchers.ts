/** Programs that fetch over the network: by a name that only the test's name server knows, and under a private authority. @module */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProgramCase } from '../case.ts';
import type { Outcome } from '../command.ts';
import { PACKED_AUTHORITY } from '../runner.ts';
import { NAME, PAGE, type Servers } from '../servers.ts';

const withAuthority = (servers: Servers) => ['--add', `${servers.authority}:${PACKED_AUTHORITY}`];

function succeeded(outcome: Outcome, what: string): Outcome {
  assert.equal(outcome.status, 0, `${what}: status ${outcome.status}\n${outcome.stdout}${outcome.stderr}`);
  return outcome;
}

export const wrk: ProgramCase = {
  program: 'wrk',
  debianPackage: 'wrk',
  ceiling: 9_500_000,
  test: async (runner, { httpPort }) => {
    for (const url of [`http://${NAME}:${httpPort}/`, `http://127.0.0.1:${httpPort}/`]) {
      const done = succeeded(await runner.run({ args: ['-t1', '-c2', '-d1s', url] }), url);
      const requests = Number(/(\d+) requests in/.exec(done.stdout)?.[1]);
      assert.ok(requests > 0, done.stdout);
      assert.doesNotMatch(done.stdout, /Socket errors|Non-2xx/);
    }
  },
};

export const hey: ProgramCase = {
  program: 'hey',
  debianPackage: 'hey',
  ceiling: 9_000_000,
  packArguments: withAuthority,
  test: async (runner, { httpPort, httpsPort }) => {
    const env = { SSL_CERT_FILE: runner.authority };
    for (const url of [`http://${NAME}:${httpPort}/`, `https://${NAME}:${httpsPort}/`]) {
      const done = succeeded(await runner.run({ args: ['-n', '20', '-c', '2', url], env }), url);
      assert.match(done.stdout, /\[200\]\s+20 responses/, done.stdout);
    }
  },
};

export const curl: ProgramCase = {
  program: 'curl',
  debianPackage: 'curl',
  packArguments: withAuthority,
  test: async (runner, { httpPort, httpsPort }) => {
    const plain = await runner.run({ args: ['-sS', `http://${NAME}:${httpPort}/`] });
    assert.equal(succeeded(plain, 'http by name').stdout, PAGE);
    const secure = ['-sS', `https://${NAME}:${httpsPort}/`];
    const trusted = await runner.run({ args: secure, env: { SSL_CERT_FILE: runner.authority } });
    assert.equal(succeeded(trusted, 'https by name').stdout, PAGE);
    const distrusted = await runner.run({ args: secure });
    assert.equal(distrusted.status, 60, `an unknown authority is curl's error 60, not ${distrusted.stderr}`);
    const local = join(runner.dir, 'page');
    succeeded(await runner.run({ args: ['-sS', '-o', local, `http://${NAME}:${httpPort}/`] }), 'to a file');
    assert.equal((await runner.run({ args: ['-sS', `file://${local}`], network: false })).stdout, PAGE);
  },
};

export const git: ProgramCase = {
  program: 'git',
  debianPackage: 'git',
  packArguments: () => ['--env', 'HOME=/tmp'],
  test: async (runner, { httpPort, gitPath }) => {
    const clone = join(runner.dir, 'clone');
    succeeded(await runner.run({ args: ['clone', `http://${NAME}:${httpPort}${gitPath}`, clone] }), 'clone by http');
    assert.equal(await readFile(join(clone, 'README'), 'utf8'), 'cloned\n');
    const config = ['-c', 'user.name=Test', '-c', 'user.email=test@pare.test', '-c', 'safe.directory=*'];
    const offline = (args: string[]) => runner.run({ args: [...config, ...args], network: false });
    succeeded(await offline(['-C', clone, 'rm', '-q', 'README']), 'rm');
    succeeded(await offline(['-C', clone, 'commit', '-q', '-m', 'Second']), 'commit');
    assert.match(succeeded(await offline(['-C', clone, 'log', '--oneline']), 'log').stdout, /Second\n.*First\n/);
    const again = join(runner.dir, 'again');
    succeeded(await offline(['clone', '-q', clone, again]), 'clone of a directory');
    succeeded(await offline(['-C', again, 'fsck']), 'fsck');
  },
};

export const openssl: ProgramCase = {
  program: 'openssl',
  debianPackage: 'openssl',
  packArguments: withAuthority,
  test: async (runner, { httpsPort }) => {
    const args = [
      's_client',
      '-connect',
      `${NAME}:${httpsPort}`,
      '-servername',
      NAME,
      '-CAfile',
      runner.authority,
      '-brief',
    ];
    const connected = await runner.run({ args: [...args, '-verify_return_error'] });
    assert.match(connected.stderr + connected.stdout, /Verification: OK/);
    const key = join(runner.dir, 'key.pem');
    const request = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-subj',
      '/CN=packed',
      '-days',
      '2',
    ];
    const certificate = succeeded(await runner.run({ args: request, network: false }), 'req').stdout;
    assert.match(certificate, /BEGIN CERTIFICATE/);
    const digest = await runner.run({ args: ['dgst', '-sha256'], input: 'pare', network: false });
    assert.ok(digest.stdout.includes(createHash('sha256').update('pare').digest('hex')), digest.stdout);
  },
};

export const ssh: ProgramCase = {
  program: 'ssh',
  debianPackage: 'openssh-client',
  test: async (runner, { ssh: server }) => {
    const options = ['StrictHostKeyChecking=no', `UserKnownHostsFile=${join(runner.dir, 'known')}`, 'BatchMode=yes'];
    const key = join(runner.dir, 'key');
    await copyFile(server.key, key);
    await chmod(key, 0o600);
    const args = ['-p', String(server.port), '-i', key, ...options.flatMap((option) => ['-o', option])];
    const done = succeeded(await runner.run({ args: [...args, `root@${NAME}`, 'echo', 'over', 'ssh'] }), 'ssh');
    assert.equal(done.stdout, 'over ssh\n');
  },
};
