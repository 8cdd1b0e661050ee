/** Programs that serve. @module */
import assert from 'node:assert/strict';
import { chown, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProgramCase } from '../case.ts';
import { eventually, output, type Service } from '../command.ts';
import type { Runner } from '../runner.ts';
import { freePort } from '../servers.ts';

const redisCli = (port: number, ...words: string[]) => output(['redis-cli', '-p', String(port), ...words]);

export const redis: ProgramCase = {
  program: 'redis-server',
  debianPackage: 'redis-server',
  ceiling: 17_900_000,
  test: async (runner) => {
    await redisSession(runner, undefined);
    await redisSession(runner, '10000:10000');
  },
};

/** Answers PING, keeps values, saves to the directory given; as a user, with a read-only root. */
async function redisSession(runner: Runner, user: string | undefined): Promise<void> {
  const port = await freePort();
  const data = join(runner.dir, `data-${user ?? 'root'}`.replace(':', '-'));
  await mkdir(data);
  if (user !== undefined) await chown(data, 10000, 10000);
  const args = ['--port', String(port), '--dir', data, '--save', ''];
  const server = runner.start({ args, ...(user === undefined ? {} : { user, readOnly: true }) });
  try {
    await eventually('PONG', server, async () => ((await redisCli(port, 'PING')) === 'PONG\n' ? true : undefined));
    assert.equal(await redisCli(port, 'SET', 'key', 'value'), 'OK\n');
    assert.equal(await redisCli(port, 'EVAL', 'return redis.call("GET", "key")', '0'), 'value\n');
    assert.equal(await redisCli(port, 'SAVE'), 'OK\n');
  } finally {
    await server.stop();
  }
  const saved = await stat(join(data, 'dump.rdb'));
  assert.equal(saved.uid, user === undefined ? 0 : 10000);
  assert.equal((await readFile(join(data, 'dump.rdb'))).toString('latin1', 0, 5), 'REDIS');
}

/** Both servers' packages put their page into /var/www/html, so that either may show. */
const DEFAULT_PAGE = /Welcome to nginx|Apache2 Debian Default Page/;

export const nginx: ProgramCase = {
  program: 'nginx',
  debianPackage: 'nginx-light',
  test: async (runner) => {
    const server = runner.start({ args: ['-g', 'daemon off;'] });
    await servesPage(server, 'http://127.0.0.1:80/', DEFAULT_PAGE);
  },
};

export const apache: ProgramCase = {
  program: 'apache2',
  debianPackage: 'apache2',
  nativeSetup: 'mkdir -p /var/run/apache2 /var/lock/apache2',
  packArguments: () => Object.entries(APACHE_ENV).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
  test: async (runner) => {
    const server = runner.start({ args: ['-D', 'FOREGROUND'], env: APACHE_ENV });
    await servesPage(server, 'http://127.0.0.1:80/', DEFAULT_PAGE);
  },
};

/** What Debian's apache2ctl sources from /etc/apache2/envvars. */
const APACHE_ENV = {
  APACHE_RUN_USER: 'www-data',
  APACHE_RUN_GROUP: 'www-data',
  APACHE_PID_FILE: '/var/run/apache2/apache2.pid',
  APACHE_RUN_DIR: '/var/run/apache2',
  APACHE_LOCK_DIR: '/var/lock/apache2',
  APACHE_LOG_DIR: '/var/log/apache2',
};

async function servesPage(server: Service, url: string, expected: RegExp): Promise<void> {
  try {
    const body = await eventually('a page', server, async () => {
      const response = await fetch(url);
      return response.ok ? await response.text() : `status ${response.status}`;
    });
    assert.match(body, expected);
    assert.equal((await fetch(`${url}not-there`)).status, 404);
  } finally {
    await server.stop();
  }
}
