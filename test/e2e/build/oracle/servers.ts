/** A web server and a git server on loopback, whose answers are always the same, for ADD. @module */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSocket } from 'node:net';
import { join } from 'node:path';
import { command, eventually, service } from '../../programs/command.ts';
import { type BuildCase, CONTEXT_TIME, layOut } from './case.ts';

export interface Servers extends AsyncDisposable {
  /** With the servers' addresses where the case says HTTP and GIT. */
  reaching(one: BuildCase): BuildCase;
  /** The other way round: what was built says nothing of ports. */
  plain(text: string): string;
}

export async function startServers(directory: string): Promise<Servers> {
  const root = mkdtempSync(join(directory, 'servers-'));
  const archive = layOut(
    { name: 'archive', dockerfile: '', files: { 'files.tar': { tar: { f: 'f', 'd/g': '@600 g' } } } },
    root,
    '',
  );
  const bodies: Readonly<Record<string, string | Buffer>> = {
    '/': 'the root',
    '/file.txt': 'a file of the net\n',
    '/dir/file.txt': 'another',
    '/sp%20ace': 'space',
    '/files.tar': readFileSync(join(archive.context, 'files.tar')),
  };
  const web = createServer((request, response) => {
    const body = bodies[(request.url ?? '').replace(/\?.*/, '')];
    const headers = body === undefined ? {} : { 'last-modified': new Date(CONTEXT_TIME * 1000).toUTCString() };
    response.writeHead(body === undefined ? 404 : 200, headers).end(body ?? 'no');
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  makeRepository(join(root, 'git'));
  const port = await freePort();
  const words = ['git', 'daemon', '--export-all', `--base-path=${root}/git`, '--listen=127.0.0.1', `--port=${port}`];
  const git = service(words, { group: true });
  const addresses = [
    ['HTTP', `http://127.0.0.1:${(web.address() as AddressInfo).port}`],
    ['GIT', `git://127.0.0.1:${port}`],
  ] as const;
  await eventually('git daemon', git, async () =>
    (await command(['git', 'ls-remote', `${addresses[1][1]}/repo.git`])).status === 0 ? true : undefined,
  );
  return {
    reaching: (one) => ({
      ...one,
      dockerfile: addresses.reduce((text, [name, url]) => text.replaceAll(`${name}/`, `${url}/`), one.dockerfile),
    }),
    plain: (text) => addresses.reduce((now, [name, url]) => now.replaceAll(url, name), text),
    [Symbol.asyncDispose]: async () => {
      await git.stop();
      web.closeAllConnections();
      await new Promise((resolve) => web.close(resolve));
    },
  };
}

/** With the branch `main`, and before it the tag `v1`. */
function makeRepository(parent: string): void {
  const tree = join(parent, 'tree');
  mkdirSync(join(tree, 'sub'), { recursive: true });
  const date = `${CONTEXT_TIME} +0000`;
  const who = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b' };
  const env = {
    ...process.env,
    ...who,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_DATE: date,
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: tree, env, stdio: 'pipe' });
  git('init', '-q', '-b', 'main');
  writeFileSync(join(tree, 'README'), 'read me\n');
  writeFileSync(join(tree, 'run'), '#!/bin/sh\n', { mode: 0o755 });
  execFileSync('ln', ['-s', 'README', join(tree, 'link')]);
  git('add', '.');
  git('commit', '-q', '-m', 'first');
  git('tag', 'v1');
  writeFileSync(join(tree, 'sub', 'file'), 'sub\n');
  git('add', '.');
  git('commit', '-q', '-m', 'second');
  git('clone', '-q', '--bare', '.', join(parent, 'repo.git'));
}

async function freePort(): Promise<number> {
  const socket = createSocket();
  await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve));
  const { port } = socket.address() as AddressInfo;
  await new Promise((resolve) => socket.close(resolve));
  return port;
}
