/** Programs that work on files. @module */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProgramCase } from '../case.ts';

export const sqlite: ProgramCase = {
  program: 'sqlite3',
  debianPackage: 'sqlite3',
  test: async (runner) => {
    const db = join(runner.dir, 'test.db');
    const sql =
      "create table t (x, y); insert into t values (1, 'a'), (41, 'b'); select sum(x), group_concat(y) from t;";
    const done = await runner.run({ args: [db, sql], network: false });
    assert.equal(done.stdout, '42|a,b\n', done.stderr);
    const json = await runner.run({
      args: ['-json', db],
      input: 'select x from t order by x desc limit 1;\n',
      network: false,
    });
    assert.equal(json.stdout, '[{"x":41}]\n', json.stderr);
  },
};

export const vim: ProgramCase = {
  program: 'vim',
  debianPackage: 'vim',
  test: async (runner) => {
    const file = join(runner.dir, 'text.c');
    await writeFile(file, 'int main(void) { return 1; }\n');
    const script = ['-Nu', 'NONE', '-es', '-c', '%s/1/42/', '-c', 'wq', file];
    const done = await runner.run({ args: script, env: { TERM: 'xterm', HOME: runner.dir }, network: false });
    assert.equal(done.status, 0, done.stdout + done.stderr);
    assert.equal(await readFile(file, 'utf8'), 'int main(void) { return 42; }\n');
    const report = join(runner.dir, 'filetype');
    const commands = ['filetype plugin indent on', 'edit', `call writefile([&filetype], "${report}")`, 'qa!'];
    const args = ['-N', '-u', 'DEFAULTS', '-es', file, ...commands.flatMap((one) => ['-c', one])];
    await runner.run({ args, env: { TERM: 'xterm', HOME: runner.dir }, network: false });
    assert.equal(await readFile(report, 'utf8'), 'c\n');
  },
};

export const ffmpeg: ProgramCase = {
  program: 'ffmpeg',
  debianPackage: 'ffmpeg',
  test: async (runner) => {
    const file = join(runner.dir, 'test.mp4');
    const source = [
      '-f',
      'lavfi',
      '-i',
      'testsrc=duration=1:size=160x120:rate=10',
      '-f',
      'lavfi',
      '-i',
      'sine=duration=1',
    ];
    const made = await runner.run({
      args: ['-v', 'error', ...source, '-c:v', 'libx264', '-c:a', 'aac', file],
      network: false,
    });
    assert.equal(made.status, 0, made.stderr);
    assert.ok((await stat(file)).size > 1000);
    const decoded = await runner.run({ args: ['-v', 'error', '-i', file, '-f', 'framemd5', '-'], network: false });
    assert.equal(decoded.status, 0, decoded.stderr);
    assert.equal(decoded.stdout.split('\n').filter((line) => line.startsWith('0,')).length, 10, decoded.stdout);
  },
};
