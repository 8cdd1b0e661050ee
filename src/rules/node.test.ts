import { describe, expect, test } from 'vitest';
import { findImports } from './node/imports.ts';
import { node } from './node.ts';
import { lines, type Sketch, type WorldOptions, world } from './testing.ts';

describe('imports', () => {
  test.each([
    ['import a from "x"; export * from "./y.js"; import("z");', ['x', './y.js', 'z'], false],
    ["const a = require('x'), b = require.resolve('./y');", ['x', './y'], false],
    ['new Worker("./w.js"); new URL("./d.json", import.meta.url);', ['./w.js', './d.json'], false],
    ['new URL("https://example.org/x"); new Worker("name");', [], false],
    ['require(name); import(`./${x}.js`);', [], true],
    ['// import "no"\nconst s = \'import "no"\';\nimport "yes";', ['yes'], false],
    ['this is no JavaScript import {', [], false],
  ])('%j', async (source, specifiers, dynamic) => {
    expect(await findImports(source)).toEqual({ specifiers, dynamic });
  });
});

async function wanted(path: string, sketches: Readonly<Record<string, Sketch>>, options: WorldOptions = {}) {
  const { facts, subject } = world(sketches, options);
  const own = (await node.file?.(await subject(path), facts)) ?? [];
  return lines([...own, ...((await node.image?.(facts)) ?? [])]);
}

describe('an interpreter', () => {
  const strings = [
    'NODE_OPTIONS',
    'node_modules',
    'NODE_PATH',
    '/usr/share/nodejs/acorn/dist/acorn.js',
    '/gone/x.js',
    'end',
  ];

  test('has those of its modules that were made files', async () => {
    const sketches = {
      '/usr/lib/libnode.so.108': { soname: 'libnode.so.108', strings },
      '/usr/share/nodejs/acorn/dist/acorn.js': '',
    };
    expect(await wanted('/usr/lib/libnode.so.108', sketches)).toEqual([
      'required path /usr/share/nodejs/acorn/dist/acorn.js (data-missing)',
    ]);
  });

  test('is no other program', async () => {
    expect(
      await wanted('/usr/bin/x', {
        '/usr/bin/x': { strings: strings.slice(1) },
        '/usr/share/nodejs/acorn/dist/acorn.js': '',
      }),
    ).toEqual([]);
  });
});

describe('a script', () => {
  const APP: Readonly<Record<string, Sketch>> = {
    '/app/package.json': '{"type": "module"}',
    '/app/main.js':
      '#!/usr/bin/env node\nimport dep from "dep/sub";\nimport "./lib/a.js";\nimport "node:fs";\nimport "fs";\nimport "gone";\n',
    '/app/lib/a.js': 'import data from "./d.json" with { type: "json" }; import "../native.node";',
    '/app/lib/d.json': '{}',
    '/app/lib/unused.js': '',
    '/app/native.node': { soname: 'native.node' },
    '/app/node_modules/dep/package.json':
      '{"main": "x", "dependencies": {"sub": "1", "absent": "1"}, "peerDependencies": {"peer": "1"}}',
    '/app/node_modules/dep/node_modules/sub/package.json': '{}',
    '/app/node_modules/peer/package.json': 'no JSON',
    '/app/node_modules/unused/package.json': '{}',
  };

  test('has its own files, and the packages that it and they need', async () => {
    expect(await wanted('/app/main.js', APP)).toEqual([
      'recommended path /app/lib/a.js',
      'recommended path /app/lib/d.json',
      'recommended path /app/native.node',
      'recommended path /app/node_modules/gone (data-missing)',
      'recommended path /app/package.json',
      'recommended tree /app/node_modules/dep',
      'recommended tree /app/node_modules/dep/node_modules/sub',
      'recommended tree /app/node_modules/peer',
    ]);
  });

  test('as an argument of the interpreter is the same', async () => {
    const config = { Entrypoint: ['node', '/app/main.js'] };
    expect(await wanted('/app/lib/a.js', APP, { config })).toContain('recommended tree /app/node_modules/dep');
  });

  test('finds files without extension, and directories by their index or package', async () => {
    const all = await wanted('/app/main.js', {
      '/app/main.js': "#!/usr/bin/node\nrequire('./a'); require('./b'); require('./c/'); require('/abs/d.cjs');",
      '/app/a.cjs': '',
      '/app/b/index.js': '',
      '/app/c/package.json': '{"main": "lib/main"}',
      '/app/c/lib/main.js': '',
      '/abs/d.cjs': '',
    });
    expect(all).toEqual([
      'recommended path /abs/d.cjs',
      'recommended path /app/a.cjs',
      'recommended path /app/b/index.js',
      'recommended path /app/c/lib/main.js',
      'recommended path /app/c/package.json',
    ]);
  });

  test('that computes names may mean any file of its package', async () => {
    const all = await wanted('/app/main.js', {
      '/app/package.json': '{}',
      '/app/main.js': '#!/usr/bin/node\nrequire(x);',
    });
    expect(all).toContain('suggested tree /app');
  });

  test('that a package brings has that package, from wherever its link is', async () => {
    const all = await wanted('/usr/lib/node_modules/tool/cli.js', {
      '/usr/lib/node_modules/tool/package.json': '{"dependencies": {"dep": "1"}}',
      '/usr/lib/node_modules/tool/cli.js': '#!/usr/bin/env node\nrequire("dep");',
      '/usr/lib/node_modules/tool/node_modules/dep/package.json': '{}',
    });
    expect(all).toEqual([
      'recommended path /usr/lib/node_modules/tool/package.json',
      'recommended tree /usr/lib/node_modules/tool',
      'recommended tree /usr/lib/node_modules/tool/node_modules/dep',
    ]);
  });
});
