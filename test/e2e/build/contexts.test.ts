/** Contexts in all their forms, by the verb, from real servers; and what a context may not do to a build. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ended, LAUNCHER, pare, start } from '../../cli/pare.ts';
import { machineHas } from '../needs.ts';
import { output } from '../programs/command.ts';
import { ordinaryUser } from '../run/people.ts';
import { type FileServer, type GitServer, type ServedFile, serveFiles, serveGit } from './servers.ts';

const ready = machineHas({ root: true, programs: ['git', 'tar', 'xz', 'bzip2', 'zstd', 'gzip', 'useradd', 'unshare'] });

let directory: string;
let context: string;
let env: Readonly<Record<string, string>>;
let runs = 0;

beforeAll(() => {
  directory = mkdtempSync('/tmp/pare-contexts-');
  chmodSync(directory, 0o755);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeEach(() => {
  context = mkdtempSync(join(directory, 'context-'));
  chmodSync(context, 0o755);
  env = { PARE_HOME: join(directory, 'store'), HOME: directory, GIT_CONFIG_NOSYSTEM: '1' };
});

const put = (name: string, text: string | Uint8Array = `${name}\n`): void => {
  mkdirSync(join(context, name, '..'), { recursive: true });
  writeFileSync(join(context, name), text);
};

interface Files extends Ended {
  /** What was built: paths, sorted, directories with a slash. */
  readonly names: readonly string[];
  text(name: string): string;
}

/** Builds into a directory. @param input of stdin */
async function build(words: readonly string[], input: Uint8Array | string = ''): Promise<Files> {
  const out = join(directory, `out-${++runs}`);
  const argv = [process.execPath, LAUNCHER, 'build', '--progress', 'quiet', '-o', out, ...words];
  const { child, ended } = start(argv, { env, cwd: directory });
  child.stdin?.end(input);
  const result = await ended;
  const names = existsSync(out)
    ? readdirSync(out, { recursive: true, withFileTypes: true })
        .map((entry) => join(entry.parentPath, entry.name).slice(out.length + 1) + (entry.isDirectory() ? '/' : ''))
        .sort()
    : [];
  return { ...result, names, text: (name) => readFileSync(join(out, name), 'utf8') };
}

const ALL = 'FROM scratch\nCOPY . /\n';
const tar = (...words: readonly string[]): Buffer => execFileSync('tar', ['-C', context, '-c', ...words, '.']);

describe.runIf(ready)('a context on stdin', () => {
  test.each([
    ['plain', []],
    ['gzip', ['-z']],
    ['zstd', ['--zstd']],
    ['xz', ['-J']],
    ['bzip2', ['-j']],
    ['of version 7', ['--format=v7']],
  ])('a tar, %s', async (_, words) => {
    put('Dockerfile', ALL);
    put('a/b', 'text\n');
    put('left/out');
    put('.dockerignore', 'left\n');
    const built = await build(['-'], tar(...words));
    expect(built).toMatchObject({ status: 0, names: ['.dockerignore', 'Dockerfile', 'a/', 'a/b'] });
    expect(built.text('a/b')).toBe('text\n');
  });

  test('a Dockerfile in the tar by another name, with ignored files of its own; or one of this machine', async () => {
    put('Dockerfile', 'FROM none\n');
    put('sub/Other', ALL);
    put('sub/Other.dockerignore', '*\n!a\n');
    put('a');
    expect(await build(['-f', 'sub/Other', '-'], tar())).toMatchObject({ status: 0, names: ['a'] });
    const mine = join(directory, 'Mine');
    writeFileSync(mine, 'FROM scratch\nCOPY a /mine\n');
    expect(await build(['-f', mine, '-'], tar())).toMatchObject({ status: 0, names: ['mine'] });
    const missing = await build(['-f', 'sub/None', '-'], tar());
    expect(missing).toMatchObject({ status: 3, stderr: expect.stringContaining('the context has no sub/None') });
  });

  test('a Dockerfile without a context, and one with a directory', async () => {
    const lone = await build(['-'], 'FROM scratch\nCOPY <<x /x\nhere\nx\n');
    expect(lone, lone.stderr).toMatchObject({ status: 0, names: ['x'] });
    put('a');
    put('.dockerignore', 'b\n');
    put('b');
    expect(await build(['-f', '-', context], ALL)).toMatchObject({ status: 0, names: ['.dockerignore', 'a'] });
  });

  test('what makes no sense', async () => {
    put('Dockerfile', ALL);
    expect(await build(['-'])).toMatchObject({ status: 3, stderr: expect.stringContaining('standard input is empty') });
    expect(await build(['-f', '-', '-'], ALL)).toMatchObject({ status: 2 });
    expect(await build(['-f', 'Other', '-'], ALL)).toMatchObject({ status: 2 });
    const broken = await build(['-'], tar('-z').subarray(0, 80));
    expect(broken.status).not.toBe(0);
    put('.wh.gone');
    expect(await build(['-'], tar())).toMatchObject({ status: 3, stderr: expect.stringContaining('.wh.') });
  });

  test('sources in, result out, and the store names nothing', async () => {
    put('Dockerfile', `${ALL}LABEL a=b\n`);
    put('a', 'passed through\n');
    const home = mkdtempSync(join(directory, 'home-'));
    const files = () =>
      spawnSync('find', [join(home, 'store'), '-path', '*/cache', '-prune', '-o', '-type', 'f', '-printf', '%P %s\n'], {
        encoding: 'utf8',
      })
        .stdout.split('\n')
        .sort();
    expect(await pare(['pull', '--help'], { env: { PARE_HOME: join(home, 'store') } })).toMatchObject({ status: 0 });
    const before = files();
    const { child, ended } = start([process.execPath, LAUNCHER, 'build', '-', '-o', 'type=tar,dest=-'], {
      env: { PARE_HOME: join(home, 'store') },
    });
    child.stdin?.end(tar('-z'));
    const { status, stdout } = await ended;
    expect(status).toBe(0);
    const listed = execFileSync('tar', ['-t'], { input: stdout, encoding: 'utf8' });
    expect(listed.split('\n')).toEqual(expect.arrayContaining(['Dockerfile', 'a']));
    expect(files()).toEqual(before);
    expect((await pare(['images', '--json'], { env: { PARE_HOME: join(home, 'store') } })).stdout).not.toContain(
      'sha256',
    );
  });
});

describe.runIf(ready)('a directory', () => {
  test('fifos and devices are what they are, sockets are left out, and nobody waits for them', async () => {
    put('Dockerfile', ALL);
    execFileSync('mkfifo', [join(context, 'fifo')]);
    execFileSync('mknod', [join(context, 'null'), 'c', '1', '3']);
    execFileSync('ln', ['-s', 'loop', join(context, 'loop')]);
    const server = createServer().listen(join(context, 'socket'));
    await new Promise((resolve) => server.on('listening', resolve));
    try {
      expect((await build([context])).names).toEqual(['Dockerfile', 'fifo', 'loop', 'null']);
      put('Dockerfile', 'FROM scratch\nCOPY fifo /f\nCOPY loop /l\n');
      const looped = await build([context]);
      expect(looped).toMatchObject({ status: 3, stderr: expect.stringMatching(/Dockerfile:3: .*loop/) });
    } finally {
      server.close();
    }
  });

  test('the Dockerfile may be a pipe, and may be ignored; a directory it may not be', async () => {
    put('a');
    put('.dockerignore', 'Dockerfile\n.dockerignore\n');
    const script = `"$0" "$1" build --progress quiet -o "$2" -f <(printf 'FROM scratch\\nCOPY a /b\\n') "$3"`;
    const out = join(directory, 'piped');
    expect(
      spawnSync('bash', ['-c', script, process.execPath, LAUNCHER, out, context], { env: { ...process.env, ...env } })
        .status,
    ).toBe(0);
    expect(readdirSync(out)).toEqual(['b']);
    put('Dockerfile', ALL);
    expect(await build([context])).toMatchObject({ status: 0, names: ['a'] });
    expect(await build(['-f', context, context])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('is a directory'),
    });
  });

  test('names that are no UTF-8', async () => {
    put('Dockerfile', ALL);
    writeFileSync(Buffer.concat([Buffer.from(`${context}/`), Buffer.from([0x62, 0xff])]), 'odd');
    const { status } = await build([context]);
    const names = readdirSync(join(directory, `out-${runs}`), { encoding: 'buffer' });
    expect([status, names.map((name) => name.toString('hex'))]).toEqual([0, expect.arrayContaining(['62ff'])]);
  });

  test('what an ordinary user may not read is an error, unless it is ignored', async () => {
    await using person = await ordinaryUser();
    put('Dockerfile', ALL);
    put('secret');
    put('closed/x');
    chmodSync(join(context, 'secret'), 0o600);
    chmodSync(join(context, 'closed'), 0o700);
    const words = ['build', '--progress', 'quiet', '-o', 'out', context];
    const denied = await person.pare(words);
    expect(denied).toMatchObject({ status: 3, stderr: expect.stringMatching(/(closed|secret)/) });
    put('.dockerignore', 'secret\nclosed\n');
    expect(await person.pare(words)).toMatchObject({ status: 0 });
    expect(readdirSync(join(person.home, 'out'))).toEqual(['.dockerignore', 'Dockerfile']);
  });

  test('pare’s own store in it is left out; in the store itself nothing is built', async () => {
    put('Dockerfile', ALL);
    const store = join(context, 'mine');
    env = { ...env, PARE_HOME: store };
    expect(await build(['-t', 'one', context])).toMatchObject({ status: 0, names: ['Dockerfile'] });
    expect(existsSync(join(store, 'index.json'))).toBe(true);
    expect(await build([context])).toMatchObject({ status: 0, names: ['Dockerfile'] });
    writeFileSync(join(store, 'Dockerfile'), ALL);
    expect(await build([store])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("lies in pare's own store"),
    });
  });

  test('a file that changes in place is seen to have, whatever its time says', async () => {
    put('Dockerfile', 'FROM scratch\nCOPY a /a\n');
    for (const text of ['one\n', 'two\n', 'one\n']) {
      put('a', text);
      execFileSync('touch', ['-d', '@1600000000', join(context, 'a')]);
      const built = await build([context]);
      expect(built.text('a')).toBe(text);
    }
  });

  test('a file that is written to while it is read is an error, and no layer', async () => {
    put('Dockerfile', 'FROM scratch\nCOPY . /\n');
    put('large', Buffer.alloc(64 << 20, 1));
    // The walk is long past it when it is read: it changes size all the time.
    const writer = start(['sh', '-c', 'while :; do printf x >>"$0"; done', join(context, 'large')]);
    try {
      const built = await build([context]);
      expect(built).toMatchObject({
        status: 3,
        stderr: expect.stringMatching(/large changed while it was being read/),
      });
    } finally {
      writer.child.kill('SIGKILL');
      await writer.ended;
    }
    const after = await build([context]);
    expect(after.text('large').length).toBe(readFileSync(join(context, 'large')).length);
  });
});

describe.runIf(ready)('git', () => {
  let server: GitServer;
  let commits: readonly string[];

  /** Not waiting in this process: the server lives in it. */
  const git = async (at: string, ...words: readonly string[]): Promise<string> => {
    const who = ['-c', 'user.name=n', '-c', 'user.email=e'];
    const times = { GIT_AUTHOR_DATE: '@1500000000 +0000', GIT_COMMITTER_DATE: '@1500000000 +0000' };
    return output(['git', ...who, ...words], { cwd: at, env: { ...env, ...times } });
  };

  beforeAll(async () => {
    env = { HOME: directory, GIT_CONFIG_NOSYSTEM: '1' };
    const [root, repo, sub] = ['repos', 'repos/app.git', 'repos/sub.git'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    for (const path of [repo, sub]) {
      mkdirSync(path, { recursive: true });
      await git(path, 'init', '-q', '-b', 'main');
    }
    server = await serveGit(root);
    writeFileSync(join(sub, 'in-sub'), 'submodule\n');
    await git(sub, 'add', '.');
    await git(sub, 'commit', '-qm', 'sub');
    writeFileSync(join(repo, 'Dockerfile'), ALL);
    writeFileSync(join(repo, 'file'), 'first\n');
    mkdirSync(join(repo, 'inner'));
    writeFileSync(join(repo, 'inner/Dockerfile'), ALL);
    execFileSync('ln', ['-s', '/etc', join(repo, 'outside')]);
    await git(repo, 'add', '.');
    await git(repo, 'commit', '-qm', 'first');
    await git(repo, 'tag', '-a', '-m', 'tag', 'v1');
    await git(repo, 'switch', '-qc', 'topic');
    writeFileSync(join(repo, 'file'), 'topic\n');
    await git(repo, 'submodule', '--quiet', 'add', `${server.url}/sub.git`, 'module');
    await git(repo, 'commit', '-qam', 'second');
    commits = (await git(repo, 'log', '--format=%H')).trim().split('\n');
    await git(repo, 'switch', '-q', 'main');
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  test.each([
    ['the default branch', '', 'first\n'],
    ['a branch', '#topic', 'topic\n'],
    ['an annotated tag', '#v1', 'first\n'],
    ['a tag by its whole name', '?tag=v1', 'first\n'],
    ['a branch in the query', '?branch=topic&submodules=false', 'topic\n'],
  ])('%s', async (_, suffix, text) => {
    const built = await build([`${server.url}/app.git${suffix}`]);
    expect(built).toMatchObject({ status: 0 });
    expect(built.text('file')).toBe(text);
    expect(built.names).not.toContain('.git/');
    expect(built.names.includes('module/in-sub')).toBe(suffix === '#topic');
    expect(built.names.filter((name) => name.endsWith('.git'))).toEqual([]);
  });

  test('a commit, also one that no branch ends with; and a checksum that is another’s', async () => {
    const [second, first] = commits as [string, string];
    expect((await build([`${server.url}/app.git#${first}`])).text('file')).toBe('first\n');
    expect(await build([`${server.url}/app.git?ref=topic&checksum=${second}`])).toMatchObject({ status: 0 });
    const other = await build([`${server.url}/app.git?ref=topic&checksum=${first}`]);
    expect(other).toMatchObject({ status: 3, stderr: expect.stringContaining(`at commit ${second}`) });
    const none = await build([`${server.url}/app.git#nothing`]);
    expect(none).toMatchObject({ status: 3, stderr: expect.stringContaining('no branch and no tag "nothing"') });
  });

  test('a directory in it, and no way out of it', async () => {
    expect(await build([`${server.url}/app.git#:inner`])).toMatchObject({ status: 0, names: ['Dockerfile'] });
    const out = await build([`${server.url}/app.git#:outside`]);
    expect(out).toMatchObject({ status: 3, stderr: expect.stringContaining('no directory outside') });
  });

  test('.git stays where it is wanted, the same bytes each time, and of the commit’s time', async () => {
    const words = ['--build-arg', 'BUILDKIT_CONTEXT_KEEP_GIT_DIR=1', `${server.url}/app.git`];
    const built = await build(words);
    expect(built.names).toEqual(expect.arrayContaining(['.git/', '.git/HEAD', '.git/index']));
    const out = join(directory, `out-${runs}`);
    expect(await git(out, '-c', 'safe.directory=*', 'status', '--porcelain')).toBe('');
    expect((await git(out, '-c', 'safe.directory=*', 'log', '-1', '--format=%H')).trim()).toBe(commits[1]);
    const tars = await Promise.all(
      ['a', 'b'].map(async (name) => {
        const file = join(directory, `${name}.tar`);
        expect(await pare(['build', '--no-cache', '-o', `tar:${file}`, ...words], { env })).toMatchObject({
          status: 0,
        });
        return readFileSync(file);
      }),
    );
    expect(tars[0]?.equals(tars[1] as Buffer)).toBe(true);
  });

  test('a password is on no command line, and in no image; tokens are secrets', async () => {
    await using closed = await serveGit(join(directory, 'repos'), 'user:canary-7d1f');
    const address = closed.url.replace('http://', 'http://user:canary-7d1f@');
    const keep = ['--build-arg', 'BUILDKIT_CONTEXT_KEEP_GIT_DIR=1'];
    const built = await build([...keep, `${address}/app.git`]);
    expect(built).toMatchObject({ status: 0 });
    const { status } = spawnSync('grep', ['-rq', 'canary-7d1f', join(directory, `out-${runs}`)]);
    expect(status).toBe(1);
    await using token = await serveGit(join(directory, 'repos'), 'x-access-token:canary-8e2a');
    writeFileSync(join(directory, 'token'), 'canary-8e2a\n');
    const secret = `id=GIT_AUTH_TOKEN,src=${join(directory, 'token')}`;
    expect(await build(['--secret', secret, `${token.url}/app.git`])).toMatchObject({ status: 0 });
    const denied = await build([`${token.url}/app.git`]);
    expect(denied.status).toBe(3);
    expect(denied.stderr).not.toContain('canary');
  });

  test('ADD of a repository', async () => {
    put(
      'Dockerfile',
      `FROM scratch\nADD --keep-git-dir=true --checksum=${commits[1]} ${server.url}/app.git#v1 /kept\nADD ${server.url}/app.git#topic:inner /inner\n`,
    );
    const built = await build([context]);
    expect(built.names).toEqual(expect.arrayContaining(['kept/.git/', 'kept/file', 'inner/Dockerfile']));
    put('Dockerfile', `FROM scratch\nADD --checksum=${commits[0]} ${server.url}/app.git#v1 /kept\n`);
    expect(await build([context])).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/Dockerfile:2: .*is wanted/),
    });
  });
});

describe.runIf(ready)('http', () => {
  let server: FileServer;
  beforeAll(async () => {
    server = await serveFiles();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());
  beforeEach(() => {
    server.answers.length = 0;
    server.files.clear();
    env = { ...env, PARE_HOME: mkdtempSync(join(directory, 'store-')) };
  });

  test('a tar, a Dockerfile, and a Dockerfile for a directory', async () => {
    put('Dockerfile', ALL);
    put('a');
    server.files.set('/context.tgz', { bytes: tar('-z') });
    server.files.set('/Dockerfile', { bytes: 'FROM scratch\nCOPY <<x /x\nhere\nx\n' });
    server.files.set('/ForA', { bytes: 'FROM scratch\nCOPY a /b\n' });
    expect(await build([`${server.url}/context.tgz`])).toMatchObject({ status: 0, names: ['Dockerfile', 'a'] });
    expect(await build([`${server.url}/Dockerfile`])).toMatchObject({ status: 0, names: ['x'] });
    expect(await build(['-f', `${server.url}/ForA`, context])).toMatchObject({ status: 0, names: ['b'] });
    const none = await build([`${server.url}/none.tar`]);
    expect(none).toMatchObject({ status: 3, stderr: expect.stringContaining('404') });
  });

  test('ADD asks whether the file is still the same, and takes no wrong one', async () => {
    put('Dockerfile', `FROM scratch\nADD ${server.url}/f /\n`);
    const file = { bytes: 'one\n', lastModified: 'Fri, 14 Jul 2017 02:40:00 GMT' };
    server.files.set('/f', file);
    expect((await build([context])).text('f')).toBe('one\n');
    expect((await build([context])).text('f')).toBe('one\n');
    expect(server.answers).toEqual(['/f 200', '/f 304']);
    const listed = execFileSync('stat', ['-c', '%a %Y', join(directory, `out-${runs}`, 'f')], { encoding: 'utf8' });
    expect(listed).toBe('600 1500000000\n');
    file.bytes = 'two\n';
    expect((await build([context])).text('f')).toBe('two\n');
    // What was kept is broken: it is not taken, and asked for anew.
    const kept = join(env['PARE_HOME'] as string, 'cache/build/downloads/files');
    for (const name of readdirSync(kept)) writeFileSync(join(kept, name), 'bad\n');
    expect((await build(['--no-cache', context])).text('f')).toBe('two\n');
    expect(server.answers.slice(2)).toEqual(['/f 200', '/f 200']);
  });

  test.each([
    ['a weak tag', { etag: 'weak' }, 200],
    ['a time that was long ago', { etag: 'none', lastModified: 'Fri, 14 Jul 2017 02:40:00 GMT' }, 304],
    ['a time that was just now', { etag: 'none', lastModified: 'now' }, 200],
    ['nothing', { etag: 'none' }, 200],
  ] as const)('with %s for a validator', async (_, more, second) => {
    const file: ServedFile = { bytes: 'text', ...more };
    if (file.lastModified === 'now') file.lastModified = new Date().toUTCString();
    server.files.set('/f', file);
    put('Dockerfile', `FROM scratch\nADD ${server.url}/f /\n`);
    for (let i = 0; i < 2; i++) expect((await build([context])).text('f')).toBe('text');
    expect(server.answers).toEqual(['/f 200', `/f ${second}`]);
  });

  test('--checksum: what is here is not asked for, and another’s is refused', async () => {
    server.files.set('/f', { bytes: 'text' });
    const sum = '982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1';
    const sum512 = execFileSync('sha512sum', { input: 'text', encoding: 'utf8' }).slice(0, 128);
    for (const digest of [`sha256:${sum}`, `sha256:${sum}`, `sha512:${sum512}`]) {
      put('Dockerfile', `FROM scratch\nADD --checksum=${digest} ${server.url}/f /\n`);
      expect(await build([context])).toMatchObject({ status: 0, names: ['f'] });
    }
    expect(server.answers).toEqual(['/f 200', '/f 304']);
    put('Dockerfile', `FROM scratch\nADD --checksum=sha256:${'0'.repeat(64)} ${server.url}/f /\n`);
    const other = await build([context]);
    expect(other).toMatchObject({ status: 3, stderr: expect.stringContaining(`has the digest sha256:${sum}`) });
    put('Dockerfile', `FROM scratch\nADD --checksum=md5:00 ${server.url}/f /\n`);
    expect((await build([context])).stderr).toMatch(/Dockerfile:2: .*checksum/);
  });

  test('--unpack, and what a server can do wrong', async () => {
    put('a');
    server.files.set('/a.tar', { bytes: tar('-z') });
    put('Dockerfile', `FROM scratch\nADD --unpack ${server.url}/a.tar /in/\nADD ${server.url}/a.tar /\n`);
    expect((await build([context])).names).toEqual(['a.tar', 'in/', 'in/a']);
    server.files.set('/cut', { bytes: Buffer.alloc(100_000), cut: 1000 });
    server.files.set('/closed', { bytes: 'x', user: 'me:canary-91ab' });
    const failing = async (url: string) => {
      put('Dockerfile', `FROM scratch\nADD ${url} /\n`);
      const { status, stderr } = await build([context]);
      expect(status).toBe(3);
      return stderr;
    };
    expect(await failing(`${server.url}/cut`)).toMatch(/Dockerfile:2: cannot download/);
    expect(await failing(`${server.url}/closed`)).toContain('401');
    expect(await failing('http://127.0.0.1:1/x')).toMatch(/cannot download .*127.0.0.1:1/);
    put('Dockerfile', `FROM scratch\nADD ${server.url.replace('//', '//me:canary-91ab@')}/closed /\n`);
    expect(await build([context])).toMatchObject({ status: 0, names: ['closed'] });
    expect(spawnSync('grep', ['-rq', 'canary-91ab', env['PARE_HOME'] as string]).status).toBe(1);
  });

  test('named contexts of every kind', async () => {
    put('files/a');
    put('files/b');
    put('files/.dockerignore', 'b\n');
    execFileSync('tar', ['-C', join(context, 'files'), '-cf', join(context, 'root.tar'), 'a']);
    server.files.set('/a.tgz', { bytes: tar('-z') });
    server.files.set('/text', { bytes: 'text' });
    put('Base', 'FROM scratch\nCOPY files/a /\nENV IS=base\n');
    for (const output of ['type=oci,tar=false,dest=layout', 'docker-archive:base.tar', 'type=image,name=stored']) {
      const words = ['build', '-f', join(context, 'Base'), '-o', output, context];
      expect(await pare(words, { env, cwd: directory })).toMatchObject({ status: 0 });
    }
    const kinds = {
      directory: join(context, 'files'),
      tar: `tar:${join(context, 'root.tar')}`,
      rootfs: `rootfs:${join(context, 'files')}`,
      http: `${server.url}/a.tgz`,
      layout: `oci-layout://${join(directory, 'layout')}`,
      oci: `oci:${join(directory, 'layout')}`,
      archive: `docker-archive:${join(directory, 'base.tar')}`,
      image: 'docker-image://stored',
      stored: 'stored',
    };
    const path = (name: string) => (name === 'http' ? '/files/a' : '/a');
    const copies = Object.keys(kinds).map((name) => `COPY --from=${name} ${path(name)} /${name}`);
    put('Dockerfile', `FROM scratch\n${copies.join('\n')}\nCOPY --from=text /context /context\n`);
    const contexts = Object.entries({ ...kinds, text: `${server.url}/text` });
    const words = contexts.flatMap(([name, value]) => ['--build-context', `${name}=${value}`]);
    const built = await build([...words, context]);
    expect(built).toMatchObject({ status: 0, names: [...Object.keys(kinds), 'context'].sort() });
    put('Dockerfile', 'FROM directory\nFROM base:latest\nCOPY --from=0 . /of/\n');
    const based = await build([...words, '--build-context', 'base=stored', context]);
    expect(based).toMatchObject({ status: 0, names: ['a', 'of/', 'of/.dockerignore', 'of/a'] });
  });
});
