/** The model of musl's loader against the loader itself: `ld-musl --list`, and programs that open modules. @module */
import { describe, expect, test } from 'vitest';
import { loadByName, loadProgram } from '../../../src/loader/load.ts';
import type { LoadResult } from '../../../src/loader/types.ts';
import { machineHas } from '../needs.ts';
import { diskFiles } from './disk-files.ts';
import { type Build, createRoot, MUSL, type Question, type Root } from './fixture.ts';
import { inRoot, quote } from './real.ts';

const able = process.arch === 'x64' && machineHas({ root: true, programs: ['gcc', 'musl-gcc', 'busybox', 'chroot'] });

const MAIN = '/app/main';
const PATH_FILE = '/etc/ld-musl-x86_64.path';

interface Case extends Question {
  readonly name: string;
  readonly build: (root: Root) => void;
}

const ALL = '/opt/a:/opt/b:/opt/c';

/** main → liba.so → libb.so → libd.so, each in /opt. */
function chain(root: Root, how: Partial<Record<'main' | 'a' | 'b', Build>>): void {
  root.program(MAIN, { needed: ['liba.so', 'libc.so'], ...how.main });
  root.library('/opt/a/liba.so', { soname: 'liba.so', needed: ['libb.so'], ...how.a });
  root.library('/opt/b/libb.so', { soname: 'libb.so', needed: ['libd.so'], ...how.b });
  root.library('/opt/c/libd.so', { soname: 'libd.so' });
}

function one(root: Root, build: Build, ...dirs: string[]): void {
  root.program(MAIN, { needed: ['libx.so'], ...build });
  for (const dir of dirs) root.library(`${dir}/libx.so`, { soname: 'libx.so' });
}

/** Defines what both libcs define. */
const LIBC_LIKE = 'int __libc_start_main(void) { return 0; } void *stdin;';

const cases: readonly Case[] = [
  { name: 'RPATH is inherited', build: (root) => chain(root, { main: { rpath: ALL } }) },
  { name: 'RUNPATH is inherited just so', build: (root) => chain(root, { main: { runpath: ALL } }) },
  {
    name: 'RUNPATH on the way hides nothing',
    build: (root) => chain(root, { main: { rpath: ALL }, a: { runpath: '/nowhere' } }),
  },
  {
    name: 'nearer search paths come first',
    build: (root) => {
      chain(root, { main: { rpath: ALL }, a: { rpath: '/opt/z' } });
      root.library('/opt/z/libb.so', { soname: 'libb.so' });
    },
  },
  {
    name: 'LD_LIBRARY_PATH before RPATH',
    build: (root) => one(root, { rpath: '/opt/y' }, '/opt/x', '/opt/y'),
    env: { LD_LIBRARY_PATH: '/opt/x' },
  },
  {
    name: 'LD_LIBRARY_PATH with newlines and empty elements',
    build: (root) => one(root, {}, '/opt/x', ''),
    env: { LD_LIBRARY_PATH: ':/nowhere\n\n/opt/x' },
  },
  {
    name: 'LD_LIBRARY_PATH, relative',
    build: (root) => one(root, {}, '/start/x'),
    env: { LD_LIBRARY_PATH: 'x' },
    cwd: '/start',
  },
  { name: '/lib', build: (root) => one(root, {}, '/lib', '/usr/lib', '/usr/local/lib') },
  { name: '/usr/local/lib', build: (root) => one(root, {}, '/usr/lib', '/usr/local/lib') },
  { name: '/usr/lib', build: (root) => one(root, {}, '/usr/lib') },
  { name: 'not /lib64', build: (root) => one(root, {}, '/lib64') },
  {
    name: 'the path file',
    build: (root) => {
      one(root, {}, '/opt/x', '/lib');
      root.file(PATH_FILE, '/opt/y\n/opt/x\n');
    },
  },
  {
    name: 'the path file with colons',
    build: (root) => {
      one(root, {}, '/opt/x');
      root.file(PATH_FILE, '/opt/y:/opt/x');
    },
  },
  {
    name: 'an empty path file',
    build: (root) => {
      one(root, {}, '/lib');
      root.file(PATH_FILE, '');
    },
  },
  {
    name: 'a path file that is a directory',
    build: (root) => {
      one(root, {}, '/lib');
      root.directory(PATH_FILE);
    },
  },
  {
    name: 'a path file behind a file',
    build: (root) => {
      one(root, {}, '/lib');
      root.link(PATH_FILE, '/bin/sh/x');
    },
  },
  { name: '$ORIGIN', build: (root) => one(root, { rpath: '$ORIGIN/lib:${ORIGIN}/other' }, '/app/other') },
  {
    name: '$ORIGIN of a library',
    build: (root) => {
      root.program(MAIN, { needed: ['liba.so'], rpath: '/links' });
      root.link('/links/liba.so', '/real/liba.so');
      root.library('/real/liba.so', { needed: ['libb.so'], rpath: '$ORIGIN' });
      root.library('/real/libb.so');
      root.library('/links/libb.so');
    },
  },
  { name: 'another token makes the path useless', build: (root) => one(root, { rpath: '/opt/x:$LIB' }, '/opt/x') },
  {
    name: 'an absolute path',
    build: (root) => {
      root.program(MAIN, { needed: ['/opt/x/libx.so', 'libx.so'] });
      root.library('/opt/x/libx.so', { soname: 'libx.so' });
    },
  },
  {
    name: 'a relative path',
    build: (root) => {
      root.program(MAIN, { needed: ['x/libx.so'] });
      root.library('/opt/x/libx.so');
    },
    cwd: '/opt',
  },
  {
    name: 'a soname is nothing',
    build: (root) => {
      root.program(MAIN, { needed: ['/opt/x/libx.so', 'libreal.so'], rpath: '/opt/y' });
      root.library('/opt/x/libx.so', { soname: 'libreal.so' });
      root.library('/opt/y/libreal.so');
    },
  },
  {
    name: 'a path and then the name of the same file',
    build: (root) => {
      root.program(MAIN, { needed: ['/opt/x/libx.so', 'libx.so'], rpath: '/opt/x' });
      root.library('/opt/x/libx.so');
    },
  },
  {
    name: 'a link and then its name',
    build: (root) => {
      root.program(MAIN, { needed: ['liba.so', 'libb.so', 'liba.so.1'], rpath: '/opt/x' });
      root.library('/opt/x/liba.so.1');
      root.link('/opt/x/liba.so', 'liba.so.1');
      root.library('/opt/x/libb.so', { needed: ['liba.so', 'liba.so.1'] });
    },
  },
  {
    name: 'all names of libc',
    build: (root) =>
      one(root, {
        needed: [
          'libm.so',
          'libpthread.so.0',
          'librt.so.1',
          'libdl.so.2',
          'libutil.so',
          'libxnet.so',
          'libc.musl-x86_64.so.1',
        ],
      }),
  },
  {
    name: 'names of libc although there are files',
    build: (root) => {
      root.program(MAIN, { needed: ['libm.so.6', 'libmm.so'] });
      for (const name of ['libm.so.6', 'libmm.so']) root.library(`/lib/${name}`);
    },
  },
  { name: 'the loader by its path', build: (root) => root.program(MAIN, { needed: ['/lib/ld-musl-x86_64.so.1'] }) },
  {
    name: 'another libc is this one',
    build: (root) => {
      root.program(MAIN, { needed: ['libother.so', 'libx.so'] });
      root.library('/lib/libother.so', { code: LIBC_LIKE });
      root.library('/lib/libx.so');
    },
  },
  {
    name: 'missing libraries',
    build: (root) => {
      chain(root, { main: { rpath: '/opt/a' } });
    },
  },
  {
    name: 'a directory in its place',
    build: (root) => {
      one(root, { rpath: '/opt/x:/opt/y' }, '/opt/y');
      root.directory('/opt/x/libx.so');
    },
  },
  {
    name: 'a text in its place',
    build: (root) => {
      one(root, { rpath: '/opt/x:/opt/y' }, '/opt/y');
      root.file('/opt/x/libx.so', 'text'.repeat(100));
    },
  },
  {
    name: 'a link in a circle inhibits all',
    build: (root) => {
      one(root, { rpath: '/opt/x:/opt/y' }, '/opt/y', '/lib');
      root.link('/opt/x/libx.so', 'libx.so');
    },
  },
  {
    name: 'a relocatable in its place',
    build: (root) => {
      one(root, { rpath: '/opt/x' }, '/opt/x');
      root.patch('/opt/x/libx.so', (file) => file.writeUInt16LE(1, 16));
    },
  },
  {
    name: 'a directory whose path is too long is passed over',
    build: (root) => one(root, { rpath: `/${'long/'.repeat(110)}:/opt/x` }, '/opt/x'),
  },
  {
    name: 'LD_PRELOAD',
    build: (root) => {
      one(root, { rpath: '/opt/x' }, '/opt/x');
      root.library('/lib/libp.so', { needed: ['libq.so'] });
      root.library('/lib/libq.so');
    },
    env: { LD_PRELOAD: 'libp.so /opt/x/libx.so:libnone.so' },
  },
  {
    name: 'breadth first',
    build: (root) => {
      root.program(MAIN, { needed: ['liba.so', 'libb.so'] });
      root.library('/lib/liba.so', { needed: ['libd.so'] });
      root.library('/lib/libb.so', { needed: ['libe.so', 'libd.so', 'liba.so'] });
      root.library('/lib/libd.so');
      root.library('/lib/libe.so', { needed: ['libb.so'] });
    },
  },
  { name: 'a program without needs', build: (root) => root.program(MAIN) },
];

describe.runIf(able)('what a start loads', () => {
  test.each(cases)('$name', async ({ build, env = {}, cwd = '/' }) => {
    using root = createRoot(MUSL);
    build(root);
    const settings = Object.entries(env).map(([name, value]) => `${name}=${quote(value)}`);
    const output = await inRoot(root.path, `cd ${cwd}\n${settings.join(' ')} ${root.loader} --list ${MAIN} 2>&1`);
    const result = await loadProgram(diskFiles(root.path), MAIN, { env, cwd, invocation: 'interpreter' });
    expect(listOf(result)).toEqual(real(output, root.loader, cwd));
    expect(result).toMatchObject({ libc: 'musl', libcVersion: expect.stringMatching(/^1\./) });
  });
});

/** The loader reports names of libc on the way; the model says once who needed it first. */
function real(output: string, loader: string, cwd: string) {
  const lines = output.split('\n');
  const listed = lines.flatMap((line) => /^\t(.*) => (.*) \(0x[0-9a-f]+\)$/.exec(line)?.slice(1, 3).join(' => ') ?? []);
  const absolute = (line: string) => line.replace(/ => (?!\/)/, ` => ${cwd}/`);
  return {
    objects: listed.filter((line) => !line.endsWith(` => ${loader}`)).map(absolute),
    missing: lines.flatMap((line) => /^Error loading shared library (.*?): /.exec(line)?.[1] ?? []),
  };
}

function listOf({ objects, missing }: LoadResult) {
  const listed = objects.filter(({ via }) => via !== 'program' && via !== 'interpreter');
  return { objects: listed.map(({ name, path }) => `${name} => ${path}`), missing: missing.map(({ name }) => name) };
}

const PROGRAM = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
extern void *call(const char *) __attribute__((weak));
static int print(struct dl_phdr_info *info, size_t size, void *data) {
  printf("%s%s\\n", (char *) data, info->dlpi_name);
  return 0;
}
int main(int argc, char **argv) {
  dl_iterate_phdr(print, "before ");
  void *handle = argv[1][0] == '-' ? call(argv[1] + 1) : dlopen(argv[1], RTLD_NOW);
  if (handle == 0) printf("error %s\\n", dlerror());
  dl_iterate_phdr(print, "after ");
}`;
const CALL = '#include <dlfcn.h>\nvoid *call(const char *name) { return dlopen(name, RTLD_NOW); }';

function opener(root: Root, build: Build = {}): void {
  root.program(MAIN, { ...build, code: PROGRAM, args: ['-lc', '-Wl,-e,_start'], startFiles: true });
}

const modules: readonly (Case & { readonly opens: string; readonly by?: string })[] = [
  {
    name: "the program's RPATH",
    build: (root) => {
      opener(root, { rpath: '/opt/m' });
      root.library('/opt/m/libm1.so', { needed: ['libn.so'], rpath: '/opt/n' });
      root.library('/opt/n/libn.so');
    },
    opens: 'libm1.so',
  },
  {
    name: "the program's RUNPATH for the module's needs",
    build: (root) => {
      opener(root, { runpath: '/opt/m:/opt/n' });
      root.library('/opt/m/libm1.so', { needed: ['libn.so', 'libo.so'] });
      root.library('/opt/n/libn.so', { needed: ['libp.so'] });
      root.library('/opt/n/libo.so');
      root.library('/opt/n/libp.so');
    },
    opens: 'libm1.so',
  },
  {
    name: "not the caller's search path",
    build: (root) => {
      opener(root, { needed: ['libcaller.so'], rpath: '/opt/c' });
      root.library('/opt/c/libcaller.so', { code: CALL, rpath: '/opt/m' });
      root.library('/opt/m/libm1.so');
    },
    opens: 'libm1.so',
    by: '/opt/c/libcaller.so',
  },
  {
    name: 'an absolute path',
    build: (root) => {
      opener(root);
      root.library('/opt/m/libm1.so', { needed: ['libc.so'] });
    },
    opens: '/opt/m/libm1.so',
  },
  {
    name: 'loaded already',
    build: (root) => {
      opener(root, { needed: ['libm1.so'], rpath: '/opt/m' });
      root.library('/opt/m/libm1.so');
    },
    opens: 'libm1.so',
  },
  { name: 'libc by one of its names', build: opener, opens: 'libpthread.so.0' },
  { name: 'missing', build: opener, opens: 'libm1.so' },
  {
    name: '$ORIGIN of a program that is run by a link',
    build: (root) => {
      root.program('/real/main', {
        code: PROGRAM,
        args: ['-lc', '-Wl,-e,_start'],
        startFiles: true,
        rpath: '$ORIGIN',
        needed: ['libx.so'],
      });
      root.link(MAIN, '/real/main');
      for (const dir of ['/real', '/app']) for (const name of ['libx.so', 'libm1.so']) root.library(`${dir}/${name}`);
    },
    opens: 'libm1.so',
  },
];

describe.runIf(able)('what dlopen adds', () => {
  test.each(modules)('$name', async ({ build, opens, by }) => {
    using root = createRoot(MUSL);
    build(root);
    const output = await inRoot(root.path, `${MAIN} ${by === undefined ? '' : '-'}${opens} 2>&1`);
    const told = (what: string) =>
      output.split('\n').flatMap((line) => (line.startsWith(what) ? line.slice(what.length) : []));
    const before = new Set(told('before '));
    expect(before.size, output).toBeGreaterThan(1);
    const files = diskFiles(root.path);
    const result = await loadByName(files, opens, { program: MAIN, ...(by === undefined ? {} : { by }) });
    const added = result.objects.filter(({ foundBy }) => foundBy !== 'loaded').map(({ path }) => path);
    expect(added).toEqual(told('after ').filter((path) => !before.has(path)));
    expect(result.missing.length).toBe(told('error ').length);
    const started = await loadProgram(files, MAIN);
    const libraries = started.objects.filter(({ via }) => via === 'needed').map(({ path }) => path);
    expect(libraries).toEqual(
      [...before].filter((path) => path.startsWith('/') && path !== MAIN && !/\/ld-musl/.test(path)),
    );
  });
});
