import { spawnSync } from 'node:child_process';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rootFiles, rootReader } from '../system/disk-root.ts';
import { createFacts } from './facts.ts';
import { reachModules } from './python/graph.ts';
import { findInstallation } from './python/installation.ts';
import { IMPLICIT } from './python/library.ts';
import { python } from './python.ts';
import { lines, type Sketch, type WorldOptions, world } from './testing.ts';

const LIBRARY = '/usr/lib/python3.11';
const INTERPRETER = { strings: ['PYTHONHOME', 'lib-dynload', 'pyvenv.cfg', '3.11.2', 'end'] };
const STANDARD: Readonly<Record<string, Sketch>> = {
  '/usr/bin/python3': '-> python3.11',
  '/usr/bin/python3.11': INTERPRETER,
  [`${LIBRARY}/os.py`]: 'import stat\n',
  [`${LIBRARY}/stat.py`]: '',
  [`${LIBRARY}/json/__init__.py`]: 'from .decoder import JSONDecoder\nimport _json\n',
  [`${LIBRARY}/json/decoder.py`]: '',
  [`${LIBRARY}/json/tool.py`]: '',
  [`${LIBRARY}/encodings/__init__.py`]: '',
  [`${LIBRARY}/lib-dynload/_json.cpython-311-x86_64-linux-gnu.so`]: { soname: 'x' },
  [`${LIBRARY}/lib-dynload/_tkinter.cpython-311-x86_64-linux-gnu.so`]: { soname: 'x' },
  [`${LIBRARY}/lib-dynload/_testcapi.cpython-311-x86_64-linux-gnu.so`]: { soname: 'x' },
};

async function wanted(path: string, sketches: Readonly<Record<string, Sketch>>, options: WorldOptions = {}) {
  const { facts, subject } = world({ ...STANDARD, ...sketches }, options);
  const own = (await python.file?.(await subject(path), facts)) ?? [];
  return lines([...own, ...((await python.image?.(facts)) ?? [])]);
}

describe('an interpreter', () => {
  test('has its library, found by its landmark, but for what is rare, for tests or for builders', async () => {
    const all = await wanted('/usr/bin/python3.11', {});
    expect(all).toContain(`recommended tree ${LIBRARY}`);
    expect(all).toContain(`required path ${LIBRARY}/encodings/__init__.py (data-missing)`);
    expect(all).toContain(`recommended path ${LIBRARY}/lib-dynload/_json.cpython-311-x86_64-linux-gnu.so`);
    expect(all).toContain(`suggested path ${LIBRARY}/lib-dynload/_tkinter.cpython-311-x86_64-linux-gnu.so`);
    expect(all.some((line) => line.includes('_testcapi'))).toBe(false);
  });

  test('without a library is told of', async () => {
    const { facts, subject } = world({ '/opt/python3.12': { strings: [...INTERPRETER.strings] } });
    expect(lines((await python.file?.(await subject('/opt/python3.12'), facts)) ?? [])).toEqual([
      'required path /usr/lib/python3/os.py (data-missing)',
    ]);
  });

  test('that only runs a script has what it imports at its start', async () => {
    const config = { Entrypoint: ['/app/main.py'] };
    const all = await wanted('/usr/bin/python3.11', { '/app/main.py': '#!/usr/bin/python3\n' }, { config });
    expect(all).toContain(`suggested tree ${LIBRARY}`);
    expect(all).toContain(`required path ${LIBRARY}/encodings/__init__.py (data-missing)`);
  });

  test('is no other program', async () => {
    expect(await wanted('/usr/bin/other', { '/usr/bin/other': { strings: ['PYTHONHOME'] } })).toEqual([]);
  });
});

describe('a script', () => {
  const SITE = '/usr/lib/python3/dist-packages';

  test('has what it imports, and what that imports; installed packages come whole', async () => {
    const all = await wanted('/app/main.py', {
      '/app/main.py': {
        text: '#!/usr/bin/env python3\nimport json, helper, yaml\ntry: import gone\nexcept: pass\n',
        mode: 0o755,
      },
      '/app/helper.py': 'from sub import deep\n',
      '/app/sub/deep.py': '',
      '/app/unused.py': '',
      [`${SITE}/yaml/__init__.py`]: 'import requests\n',
      [`${SITE}/PyYAML-6.0.dist-info/top_level.txt`]: '_yaml\nyaml\n',
      [`${SITE}/other/__init__.py`]: '',
    });
    const own = all.filter((line) => !line.includes('_strptime') && !/encodings|os\.py|stat\.py/.test(line));
    expect(own).toEqual([
      'recommended path /app/gone.py (data-missing)',
      'recommended path /app/helper.py',
      'recommended path /app/sub/deep.py',
      `recommended path ${LIBRARY}/json/__init__.py`,
      `recommended path ${LIBRARY}/json/decoder.py`,
      `recommended path ${LIBRARY}/lib-dynload/_json.cpython-311-x86_64-linux-gnu.so`,
      `recommended tree ${SITE}/PyYAML-6.0.dist-info`,
      `recommended tree ${SITE}/yaml`,
    ]);
  });

  test('as an argument of the interpreter is the same', async () => {
    const config = { Entrypoint: ['python3', '/app/main.py'] };
    expect(await wanted('/app/main.py', { '/app/main.py': 'import json\n' }, { config })).toContain(
      `recommended path ${LIBRARY}/json/decoder.py`,
    );
  });

  test('that computes names may mean any module', async () => {
    const text = '#!/usr/bin/python3\nimport importlib, sys\nimportlib.import_module(sys.argv[1])\n';
    expect(await wanted('/app/main.py', { '/app/main.py': text })).toContain(`suggested tree ${LIBRARY}`);
  });

  test('of a virtual environment finds its packages there', async () => {
    const all = await wanted('/app/main.py', {
      '/venv/bin/python': '-> /usr/bin/python3.11',
      '/venv/pyvenv.cfg': 'home = /usr/bin\nversion = 3.11.2\n',
      '/venv/lib/python3.11/site-packages/web/__init__.py': '',
      '/app/main.py': '#!/venv/bin/python\nimport web\n',
    });
    expect(all).toContain('recommended path /venv/pyvenv.cfg');
    expect(all).toContain('recommended tree /venv/lib/python3.11/site-packages/web');
  });
});

describe('on this machine', () => {
  const program = '/usr/bin/python3';
  const here = spawnSync(program, ['--version']).status === 0;
  if (!here && process.env['CI']) throw new Error(`${program} is missing`);
  if (!here) process.stderr.write(`skipped: this machine has no ${program}\n`);

  test.skipIf(!here)('a script reaches at least the modules that Python loads for it', async () => {
    using directory = mkdtempDisposableSync('/tmp/pare-python-');
    const script = join(directory.path, 'main.py');
    writeFileSync(script, 'import json, ssl, urllib.request, sqlite3, xml.dom.minidom, decimal, ctypes\n');
    const show = `import runpy, sys\nrunpy.run_path(${JSON.stringify(script)})\nfor m in list(sys.modules.values()):\n  f = getattr(m, '__file__', None)\n  if f: print(f)`;
    const { stdout } = spawnSync(program, ['-I', '-S', '-c', show], { encoding: 'utf8' });
    const platform = { os: 'linux', architecture: 'amd64' };
    const facts = createFacts(rootFiles(rootReader('/'), undefined), { config: {}, platform, cpu: 'baseline' });
    const found = await facts.files.resolve(program);
    if (found.kind === 'missing') throw new Error(program);
    const installation = await findInstallation(program, found.path, facts);
    if (installation === undefined) throw new Error('no standard library');
    const { library, modules } = installation;
    const { sources, extensions } = await reachModules(
      [script],
      { directories: [library, modules], packages: new Set() },
      facts,
    );
    const loaded = stdout
      .split('\n')
      .filter((path) => path.startsWith(library) && !/\/(?:runpy|pkgutil)\.py$/.test(path));
    expect(loaded.length).toBeGreaterThan(50);
    const given = new Set(IMPLICIT.map((name) => `${library}/${name}`));
    expect(loaded.filter((path) => !sources.has(path) && !extensions.has(path) && !given.has(path))).toEqual([]);
  });
});
