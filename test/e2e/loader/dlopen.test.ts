/** What a running program gets from dlopen(3), against `loadByName`: the program opens a name and prints its link map. @module */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadByName } from '../../../src/loader/load.ts';
import { machineHas } from '../needs.ts';
import { diskFiles } from './disk-files.ts';
import { type Build, createRoot, GLIBCS, glibcKind, type Question, type Root } from './fixture.ts';
import { sameAsGlibc } from './questions.ts';
import { cpuOf, inRoot, quote } from './real.ts';

const able =
  process.arch === 'x64' && machineHas({ root: true, programs: ['gcc', 'patchelf', 'ldconfig', 'busybox', 'chroot'] });

const MAIN = '/app/main';
const CALLER = '/opt/caller/libcaller.so';

/** `main NAME` opens NAME by itself, `main -NAME` by the library libcaller.so. */
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
const CALL = '#include <dlfcn.h>\nvoid *call(const char *name) { return dlopen(name, RTLD_LAZY); }';

/** With libc, unlike the fixtures' usual programs. */
function program(root: Root, build: Build = {}): void {
  const libc = ['-lc', '-Wl,-e,_start'];
  root.program(MAIN, {
    ...build,
    code: PROGRAM,
    args: libc,
    startFiles: true,
  });
}

function caller(root: Root, build: Build = {}): void {
  root.library(CALLER, { soname: 'libcaller.so', code: CALL, ...build });
}

const MODULE = '/opt/m/libmodule.so';

function module(root: Root, build: Build = {}): void {
  root.library(MODULE, { soname: 'libmodule.so', ...build });
}

interface Case extends Question {
  readonly name: string;
  readonly build: (root: Root) => void;
  /** Default `libmodule.so`. */
  readonly opens?: string;
  readonly by?: string;
}

const TO_CALLER = '/opt/caller';
const cases: readonly Case[] = [
  {
    name: "the program's RPATH",
    build: (root) => {
      program(root, { rpath: '/opt/m' });
      module(root);
    },
  },
  {
    name: "the program's RUNPATH",
    build: (root) => {
      program(root, { runpath: '/opt/m' });
      module(root);
    },
  },
  {
    name: 'no search path',
    build: (root) => {
      program(root);
      module(root);
    },
  },
  {
    name: "the caller's RUNPATH",
    build: (root) => {
      program(root, { needed: ['libcaller.so'], runpath: TO_CALLER });
      caller(root, { runpath: '/opt/m' });
      module(root);
    },
    by: CALLER,
  },
  {
    name: "the caller's RPATH",
    build: (root) => {
      program(root, { needed: ['libcaller.so'], runpath: TO_CALLER });
      caller(root, { rpath: '/opt/m' });
      module(root);
    },
    by: CALLER,
  },
  {
    name: "not the program's RUNPATH for a library",
    build: (root) => {
      program(root, { needed: ['libcaller.so'], runpath: `${TO_CALLER}:/opt/m` });
      caller(root);
      module(root);
    },
    by: CALLER,
  },
  {
    name: "the program's RPATH for a library",
    build: (root) => {
      program(root, { needed: ['libcaller.so'], rpath: `${TO_CALLER}:/opt/m` });
      caller(root);
      module(root);
    },
    by: CALLER,
  },
  {
    name: "the program's RPATH hidden by the caller's RUNPATH",
    build: (root) => {
      program(root, { needed: ['libcaller.so'], rpath: `${TO_CALLER}:/opt/m` });
      caller(root, { runpath: '/nowhere' });
      module(root);
    },
    by: CALLER,
  },
  {
    name: 'RPATH of what loaded the caller',
    build: (root) => {
      program(root, { needed: ['libmiddle.so'], runpath: '/opt/middle' });
      root.library('/opt/middle/libmiddle.so', {
        soname: 'libmiddle.so',
        needed: ['libcaller.so'],
        rpath: `${TO_CALLER}:/opt/m`,
      });
      caller(root);
      module(root);
    },
    by: CALLER,
  },
  {
    name: "the module's own RUNPATH for its needs",
    build: (root) => {
      program(root, { runpath: '/opt/m' });
      module(root, { needed: ['libn.so'], runpath: '$ORIGIN/sub' });
      root.library('/opt/m/sub/libn.so', { soname: 'libn.so', needed: ['libc.so.6'] });
    },
  },
  {
    name: "the program's RPATH for the module's needs",
    build: (root) => {
      program(root, { rpath: '/opt/m:/opt/n' });
      module(root, { needed: ['libn.so'] });
      root.library('/opt/n/libn.so', { soname: 'libn.so' });
    },
  },
  {
    name: "not the program's RUNPATH for the module's needs",
    build: (root) => {
      program(root, { runpath: '/opt/m:/opt/n' });
      module(root, { needed: ['libn.so'] });
      root.library('/opt/n/libn.so', { soname: 'libn.so' });
    },
  },
  {
    name: "not the caller's RPATH for the module's needs",
    build: (root) => {
      program(root, { needed: ['libcaller.so'], runpath: TO_CALLER });
      caller(root, { rpath: '/opt/m:/opt/n' });
      module(root, { needed: ['libn.so'] });
      root.library('/opt/n/libn.so', { soname: 'libn.so' });
    },
    by: CALLER,
  },
  {
    name: 'breadth first',
    build: (root) => {
      program(root, { rpath: '/opt/m' });
      module(root, { needed: ['liba.so', 'libb.so'] });
      root.library('/opt/m/liba.so', { soname: 'liba.so', needed: ['libd.so'] });
      root.library('/opt/m/libb.so', { soname: 'libb.so', needed: ['libe.so', 'libd.so'] });
      root.library('/opt/m/libd.so', { soname: 'libd.so' });
      root.library('/opt/m/libe.so', { soname: 'libe.so' });
    },
  },
  {
    name: 'an absolute path',
    build: (root) => {
      program(root);
      module(root);
    },
    opens: MODULE,
  },
  {
    name: 'a relative path',
    build: (root) => {
      program(root);
      module(root);
    },
    opens: 'm/libmodule.so',
    cwd: '/opt',
  },
  {
    name: '$ORIGIN of the program',
    build: (root) => {
      program(root);
      module(root);
    },
    opens: '$ORIGIN/../opt/m/libmodule.so',
  },
  {
    name: '$ORIGIN of the caller',
    build: (root) => {
      program(root, { needed: ['libcaller.so'], runpath: TO_CALLER });
      caller(root);
      module(root);
    },
    opens: '${ORIGIN}/../m/libmodule.so',
    by: CALLER,
  },
  {
    name: 'LD_LIBRARY_PATH',
    build: (root) => {
      program(root);
      module(root);
    },
    env: { LD_LIBRARY_PATH: '/opt/m' },
  },
  {
    name: 'ld.so.cache',
    build: (root) => {
      program(root);
      module(root);
      root.file('/etc/ld.so.conf', '/opt/m\n');
      root.ldconfig();
    },
  },
  {
    name: 'the usual directories',
    build: (root) => {
      program(root);
      root.library('/usr/lib/libmodule.so', { soname: 'libmodule.so' });
    },
  },
  {
    name: 'what is loaded already',
    build: (root) => {
      program(root, { needed: ['libmodule.so'], runpath: '/opt/m' });
      module(root);
    },
  },
  {
    name: 'what is loaded already, by its file',
    build: (root) => {
      program(root, { needed: ['libmodule.so'], runpath: '/opt/m' });
      module(root);
      root.link('/opt/other.so', MODULE);
    },
    opens: '/opt/other.so',
  },
  {
    name: 'needs that are loaded already',
    build: (root) => {
      program(root, { needed: ['libn.so'], rpath: '/opt/m' });
      module(root, { needed: ['libn.so', 'libo.so'] });
      for (const name of ['libn.so', 'libo.so']) root.library(`/opt/m/${name}`, { soname: name });
    },
  },
  { name: 'a module that is missing', build: (root) => program(root) },
  {
    name: 'a module whose needs are missing',
    build: (root) => {
      program(root, { rpath: '/opt/m' });
      module(root, { needed: ['libnone.so'] });
    },
  },
  {
    name: 'a program as module',
    build: (root) => {
      program(root, { rpath: '/opt/m' });
      root.program(MODULE);
    },
  },
  {
    name: 'a module that must not be opened',
    build: (root) => {
      program(root, { rpath: '/opt/m' });
      module(root, { args: ['-Wl,-z,nodlopen'] });
    },
  },
  {
    name: 'a text as module',
    build: (root) => {
      program(root, { rpath: '/opt/m' });
      root.file(MODULE, 'x'.repeat(200));
    },
  },
  {
    name: 'a directory as module',
    build: (root) => {
      program(root, { rpath: '/opt/m' });
      root.directory(MODULE);
    },
  },
  {
    name: 'a level for a better CPU',
    build: (root) => {
      program(root, { rpath: '/opt/m' });
      module(root);
      root.library('/opt/m/glibc-hwcaps/x86-64-v2/libmodule.so', { soname: 'libmodule.so' });
    },
  },
  {
    name: 'a filter as module',
    build: (root) => {
      program(root, { rpath: '/opt/m' });
      module(root, { args: ['-Xlinker', '-F', '-Xlinker', 'libt.so'] });
      root.library('/opt/m/libt.so', { soname: 'libt.so' });
    },
  },
];

describe.runIf(able).each(GLIBCS)('%s', (_, source) => {
  const from = able ? source() : undefined;
  test.runIf(from !== undefined).each(cases)(
    '$name',
    async ({ build, opens = 'libmodule.so', by, env = {}, cwd = '/' }) => {
      using root = createRoot(glibcKind(from as string));
      build(root);
      const settings = Object.entries(env).map(([name, value]) => `${name}=${quote(value)}`);
      const argument = quote(`${by === undefined ? '' : '-'}${opens}`);
      const lines = (await inRoot(root.path, `cd ${cwd}\n${settings.join(' ')} ${MAIN} ${argument} 2>&1`)).split('\n');
      const told = (what: string) =>
        lines.filter((line) => line.startsWith(what)).map((line) => line.slice(what.length));
      const before = new Set(told('before '));
      expect(before.size, lines.join('\n')).toBeGreaterThan(0);
      const { cpu, platform } = await cpuOf(root.path, root.loader);
      const known = { program: MAIN, ...(by === undefined ? {} : { by }), env, cwd, cpu };
      const result = await loadByName(
        diskFiles(root.path),
        opens,
        platform === undefined ? known : { ...known, platform },
      );
      const [error] = told('error ');
      if (error === undefined) {
        const added = told('after ').filter((name) => !before.has(name));
        const absolute = added.map((path) => (path.startsWith('/') ? path : `${cwd}/${path}`));
        expect(result.objects.filter(({ foundBy }) => foundBy !== 'loaded').map(({ path }) => path)).toEqual(absolute);
        expect({ missing: result.missing, fatal: result.fatal }).toEqual({ missing: [], fatal: undefined });
      } else {
        const missing = result.missing.map(
          ({ name }) => `${name}: cannot open shared object file: No such file or directory`,
        );
        const fatal = result.fatal?.message;
        const reason = (text: string) => text.slice(text.indexOf(': ') + 2);
        expect([...missing.slice(0, 1), ...(fatal === undefined ? [] : [fatal])].map(reason)).toEqual([reason(error)]);
      }
    },
  );
});

test.runIf(able)('a program that is run by a link to it has its $ORIGIN where the link ends', async () => {
  using root = createRoot();
  root.program('/real/main', { needed: ['libx.so'], rpath: '$ORIGIN' });
  root.link('/app/main', '../real/main');
  for (const dir of ['/real', '/app']) root.library(`${dir}/libx.so`, { soname: 'libx.so' });
  const output = await inRoot(root.path, 'LD_TRACE_LOADED_OBJECTS=1 /app/main');
  expect(output).toContain('libx.so => /real/libx.so');
  const byKernel = await loadByName(diskFiles(root.path), '/app/main');
  expect(byKernel.objects.map(({ path }) => path)).toContain('/real/libx.so');
  const byLoader = await sameAsGlibc(root, ['/app/main']);
  expect(byLoader[0]?.objects[0]?.path).toBe('/app/libx.so');
});

/** Auditors are in name spaces of their own, which only /proc shows. */
test.runIf(able)('auditors, of the program and of the environment', async () => {
  using root = createRoot();
  const audit = 'unsigned la_version(unsigned version) { return version; }';
  for (const name of ['libaudit1.so', 'libaudit2.so', 'libaudit3.so']) {
    root.library(`/opt/a/${name}`, {
      soname: name,
      code: audit,
      needed: ['libc.so.6', `lib${name}`],
      runpath: '/opt/a',
    });
    root.library(`/opt/a/lib${name}`, { soname: `lib${name}` });
  }
  root.program(MAIN, {
    code: '#include <stdio.h>\nint main(void) { FILE *f = fopen("/proc/self/maps", "r"); for (int c; (c = getc(f)) != EOF;) putchar(c); }',
    args: ['-Wl,--audit,libaudit1.so', '-Wl,--depaudit,/opt/a/libaudit2.so:libnone.so', '-lc', '-Wl,-e,_start'],
    rpath: '/opt/a',
    startFiles: true,
  });
  const { path } = root;
  const env = { LD_AUDIT: `${path}/opt/a/libaudit3.so`, LD_LIBRARY_PATH: `${path}/opt/a` };
  root.tool('patchelf', ['--set-rpath', `${path}/opt/a`], MAIN);
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const output = await inRoot('/', `${settings.join(' ')} ${path}${MAIN}`);
  const mapped = new Set(output.split('\n').flatMap((line) => /\s(\/.*)$/.exec(line)?.[1] ?? []));
  const result = await loadByName(diskFiles('/'), `${path}${MAIN}`, { env });
  const modelled = new Set([...result.objects, ...result.auditing].map(({ realPath }) => realPath));
  const audited = (paths: ReadonlySet<string>) => [...paths].filter((one) => !one.endsWith('libaudit2.so')).sort();
  expect(audited(modelled)).toEqual(audited(mapped));
  expect(result.skipped.map(({ name }) => name)).toEqual(['/opt/a/libaudit2.so', 'libnone.so']);
  expect(readFileSync(`${path}/opt/a/libaudit1.so`).length).toBeGreaterThan(0);
});
