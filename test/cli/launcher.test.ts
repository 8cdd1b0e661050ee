/** The first file that Node.js reads, under versions of it that are too old for the rest. */
import { cp, mkdir, mkdtempDisposable, readFile, realpath, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { transform } from '@swc/core';
import { describe, expect, test } from 'vitest';
import { LAUNCHER, start } from './pare.ts';

/** Runs a launcher in a Node.js that says it is of this version. */
async function under(version: string, launcher: string, args: readonly string[], env = {}) {
  const pretend = `
    Object.defineProperty(process, 'version', { value: ${JSON.stringify(version)} });
    process.argv.splice(1, 0, ${JSON.stringify(launcher)});
    require(${JSON.stringify(launcher)});`;
  const { child, ended } = start([process.execPath, '-e', pretend, '--', ...args], { env });
  child.stdin?.end();
  return { child, end: await ended };
}

/** A package as it is installed: the launcher, and a bundle that says what it was given. */
async function installed() {
  const directory = await mkdtempDisposable(join(await realpath(tmpdir()), 'pare-launcher-'));
  const at = (path: string) => join(directory.path, path);
  await cp(dirname(LAUNCHER), at('bin'), { recursive: true });
  await writeFile(at('package.json'), '{"type":"module"}');
  const write = async (path: string, says: string) => {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(
      at(path),
      `export const main = () => { console.log(${JSON.stringify(says)}, process.argv.slice(2).join(' ')); };`,
    );
  };
  await write('dist/cli/main.js', 'built');
  return {
    at,
    write,
    launcher: at('bin/pare.js'),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

test('is written in syntax that the oldest Node.js can read', async () => {
  const source = (await readFile(LAUNCHER, 'utf8')).replace(/^#!.*/, '');
  const oldest = await transform(source, { jsc: { target: 'es5' }, isModule: false });
  const newest = await transform(source, { jsc: { target: 'es2022' }, isModule: false });
  expect(oldest.code).toBe(newest.code);
});

describe('an old Node.js', () => {
  test.each(['v0.12.18', 'v8.17.0', 'v20.20.2', 'v22.12.0', 'v24.14.1'])(
    '%s is told what is needed',
    async (version) => {
      await using place = await installed();
      const { end } = await under(version, place.launcher, ['--version']);
      expect(end).toMatchObject({ status: 3, stdout: '' });
      expect(end.stderr).toContain(`pare: needs Node.js 24.15 or newer; this is ${version}`);
      expect(end.stderr).toContain('hint: ');
    },
  );

  test.each(['v24.15.0', 'v24.21.0', 'v25.0.0', 'v100.0.0'])('%s is recent enough', async (version) => {
    await using place = await installed();
    expect((await under(version, place.launcher, ['a', 'b'])).end).toMatchObject({ status: 0, stdout: 'built a b\n' });
  });

  test('hands over to the one that the clone has brought', async () => {
    await using place = await installed();
    await mkdir(place.at('node_modules/.bin'), { recursive: true });
    await symlink(process.execPath, place.at('node_modules/.bin/node'));
    expect((await under('v20.20.2', place.launcher, ['x'])).end).toMatchObject({ status: 0, stdout: 'built x\n' });
  });

  test('and passes on its status, and the signal that ended it', async () => {
    await using place = await installed();
    await mkdir(place.at('node_modules/.bin'), { recursive: true });
    await symlink(process.execPath, place.at('node_modules/.bin/node'));
    const says = (code: string) => writeFile(place.at('dist/cli/main.js'), `export const main = () => { ${code} };`);
    await says('process.exit(42)');
    expect((await under('v20.20.2', place.launcher, [])).end.status).toBe(42);
    await says('process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000)');
    expect((await under('v20.20.2', place.launcher, [])).end.signal).toBe('SIGKILL');
  });
});

describe('in a clone', () => {
  const later = new Date(Date.now() + 60_000);

  test('the build runs where it is newer than every source, else the sources do', async () => {
    await using place = await installed();
    await place.write('src/cli/main.ts', 'source');
    await place.write('src/deep/down/other.ts', 'other');
    const run = async () => (await under('v24.21.0', place.launcher, ['x'])).end.stdout;
    await utimes(place.at('dist/cli/main.js'), later, later);
    expect(await run()).toBe('built x\n');
    const evenLater = new Date(later.getTime() + 1000);
    await utimes(place.at('src/deep/down/other.ts'), evenLater, evenLater);
    expect(await run()).toBe('source x\n');
  });
});
