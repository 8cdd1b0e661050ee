/** Each finding there is, shown once by the smallest root that has it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineHas } from '../../../test/e2e/needs.ts';
import type { RunConfig } from '../../formats/oci/types.ts';
import { bytesContent } from '../../model/content.ts';
import { TreeEditor } from '../../model/editor.ts';
import type { Tree } from '../../model/tree.ts';
import { FINDING_SEVERITY } from '../../rules/finding.ts';
import { RULES } from '../../rules/table.ts';
import { check } from './check.ts';

const linux = process.platform === 'linux' && process.arch === 'x64';
const ready = linux && machineHas({ programs: ['gcc', 'patchelf'] });

/** Bytes or text of a file with its mode; a link to somewhere; or only a mode: a directory. */
type Sketch = string | Uint8Array | readonly [string | Uint8Array, number] | { readonly to: string } | number;

function treeOf(sketches: Readonly<Record<string, Sketch>>): Tree {
  const editor = new TreeEditor();
  const common = { mtime: 0, mtimeNs: 0 };
  for (const [path, sketch] of Object.entries(sketches)) {
    if (typeof sketch === 'number')
      editor.putDir(path, { kind: 'dir', meta: { mode: sketch, uid: 0, gid: 0 }, ...common });
    else if (typeof sketch === 'object' && 'to' in sketch) {
      const meta = { mode: 0o777, uid: 0, gid: 0 };
      editor.put(path, { kind: 'symlink', target: sketch.to, meta, link: undefined, ...common });
    } else {
      const [bytes, mode] = Array.isArray(sketch) ? (sketch as [string, number]) : [sketch as string, 0o755];
      editor.put(path, {
        kind: 'file',
        content: bytesContent(bytes),
        meta: { mode, uid: 0, gid: 0 },
        link: undefined,
        ...common,
      });
    }
  }
  return editor.done();
}

async function found(sketches: Readonly<Record<string, Sketch>>, config: RunConfig = { Entrypoint: ['/app'] }) {
  const platform = { os: 'linux', architecture: 'amd64' };
  const { findings } = await check({
    tree: treeOf(sketches),
    config: { User: '1', ...config },
    platform,
    rules: RULES,
  });
  return findings;
}

const codes = async (...args: Parameters<typeof found>) =>
  (await found(...args)).map(({ severity, code, path }) => `${severity} ${code} ${path}`);

/** Codes that some test here has shown, for the last test. */
const shown = new Set<string>();
async function shows(code: keyof typeof FINDING_SEVERITY, ...args: Parameters<typeof found>) {
  const findings = (await found(...args)).filter((one) => one.code === code);
  expect(findings).not.toEqual([]);
  shown.add(code);
  return findings[0] as (typeof findings)[number];
}

describe.runIf(ready)('a finding', () => {
  let dir: string;
  /** Static, does nothing. */
  let idle: Uint8Array;
  let dynamic: Uint8Array;
  let system: Record<string, Sketch>;
  const compile = (source: string, ...flags: string[]): Uint8Array => {
    execFileSync('gcc', ['-xc', '-', '-o', `${dir}/out`, '-w', ...flags], { input: source, cwd: dir });
    return readFileSync(`${dir}/out`);
  };
  beforeAll(() => {
    dir = mkdtempSync('/tmp/pare-check-');
    idle = compile('int main(void) { return 0; }', '-static');
    dynamic = compile('int main(void) { return 0; }');
    const libc = execFileSync('gcc', ['-print-file-name=libc.so.6'], { encoding: 'utf8' }).trim();
    system = {
      '/lib64/ld-linux-x86-64.so.2': readFileSync('/lib64/ld-linux-x86-64.so.2'),
      '/lib/x86_64-linux-gnu/libc.so.6': readFileSync(libc),
    };
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  test('of none: a static program, or a dynamic one with all it needs', async () => {
    expect(await codes({ '/app': idle })).toEqual([]);
    expect(await codes({ '/app': dynamic, ...system })).toEqual([]);
  });

  test('missing-interpreter explains the misleading words of the kernel', async () => {
    const finding = await shows('missing-interpreter', { '/app': dynamic });
    expect(finding).toMatchObject({ severity: 'error', path: '/app' });
    expect(finding.message).toMatch(/"no such file or directory" although \/app is there.*ld-linux-x86-64\.so\.2/);
  });

  test('missing-library names the library and where it was looked for', async () => {
    writeFileSync(
      `${dir}/libgone.so`,
      compile('int gone(void) { return 0; }', '-shared', '-fPIC', '-Wl,-soname,libgone.so.1'),
    );
    const app = compile('int gone(void); int main(void) { return gone(); }', '-L.', '-lgone');
    const finding = await shows('missing-library', { '/app': app, ...system });
    expect(finding).toMatchObject({ severity: 'error', path: '/app' });
    expect(finding.message).toMatch(/libgone\.so\.1, which is not there \(looked for \/.*\)/);
  });

  test('missing-symbol-version names the version and who lacks it', async () => {
    const library = (version: string) => {
      writeFileSync(`${dir}/v`, `${version} { global: f; local: *; };`);
      return compile('int f(void) { return 0; }', '-shared', '-fPIC', '-Wl,-soname,libv.so', '-Wl,--version-script=v');
    };
    writeFileSync(`${dir}/libv.so`, library('V_2'));
    const app = compile('int f(void); int main(void) { return f(); }', '-L.', '-lv', '-Wl,--no-as-needed');
    const lib = '/lib/x86_64-linux-gnu/libv.so';
    expect(await codes({ '/app': app, ...system, [lib]: library('V_2') })).toEqual([]);
    const finding = await shows('missing-symbol-version', { '/app': app, ...system, [lib]: library('V_1') });
    expect(finding.message).toMatch(/version V_2 of libv\.so/);
  });

  test('wrong-architecture, of a program and of a library', async () => {
    const foreign = Uint8Array.from(idle);
    foreign[18] = 183;
    const program = await shows('wrong-architecture', { '/app': foreign });
    expect(program.message).toMatch(/linux\/arm64, and the image is for linux\/amd64.*exec format error/);
    const libc = Uint8Array.from(
      readFileSync(execFileSync('gcc', ['-print-file-name=libc.so.6'], { encoding: 'utf8' }).trim()),
    );
    libc[18] = 183;
    const library = await shows('wrong-architecture', {
      '/app': dynamic,
      ...system,
      '/lib/x86_64-linux-gnu/libc.so.6': libc,
    });
    expect(library.message).toMatch(/libc\.so\.6.* cannot be loaded/);
  });

  test('libc-mismatch, for a program of the other C library', async () => {
    const finding = await shows('libc-mismatch', { '/app': dynamic, '/lib/ld-musl-x86_64.so.1': idle });
    expect(finding.message).toMatch(/linked for glibc, and the image has musl.*"no such file or directory"/);
  });

  test('script-interpreter-missing, shell-form-without-shell, entrypoint-missing, user-unknown, workdir-missing', async () => {
    await shows('script-interpreter-missing', { '/app': '#!/bin/none\n' });
    await shows('shell-form-without-shell', {}, { Cmd: ['/bin/sh', '-c', 'app'] });
    await shows(
      'shell-form-without-shell',
      { '/app': idle },
      { Entrypoint: ['/app'], Healthcheck: { Test: ['CMD-SHELL', 'app'] } },
    );
    expect(await shows('entrypoint-missing', {}, { Entrypoint: ['/app'] })).toMatchObject({ severity: 'error' });
    expect(await shows('entrypoint-missing', {}, {})).toMatchObject({ severity: 'warning' });
    await shows('user-unknown', { '/app': idle }, { Entrypoint: ['/app'], User: 'www' });
    await shows('workdir-missing', { '/app': idle }, { Entrypoint: ['/app'], WorkingDir: '/srv' });
  });

  test('not-executable, whatever the reason', async () => {
    for (const app of [[idle, 0o644], 'no format that the kernel knows', 0o755] as const) {
      const findings = await found({ '/app': app as Sketch });
      expect(findings.map(({ code }) => code)).toEqual(['not-executable']);
    }
    const own = await shows('not-executable', { '/app': [idle, 0o744] });
    expect(own.message).toMatch(/user 1, which may not execute app/);
    expect(await codes({ '/app': [idle, 0o744] }, { Entrypoint: ['/app'], User: '' })).toEqual(['info runs-as-root /']);
    const below = await shows('not-executable', { '/bin/app': idle, '/bin': 0o700 }, { Entrypoint: ['/bin/app'] });
    expect(below.message).toMatch(/may not enter the directory \/bin/);
  });

  test('command-missing, of a script', async () => {
    const finding = await shows('command-missing', { '/app': '#!/bin/sh\nfrobnicate\n', '/bin/sh': idle });
    expect(finding.message).toMatch(/frobnicate/);
  });

  test('what static programs miss at run time: services, time zones, a place for temporary files', async () => {
    const resolver = compile(
      '#include <netdb.h>\nint main(void) { struct addrinfo *a; return getaddrinfo("a", "http", 0, &a); }',
      '-static',
    );
    await shows('services-missing', { '/app': resolver });
    const clock = compile(
      '#include <time.h>\nint main(void) { time_t t = 0; return localtime(&t)->tm_hour; }',
      '-static',
    );
    const config = { Entrypoint: ['/app'], Env: ['TZ=Europe/Berlin'] };
    await shows('time-zone-data-missing', { '/app': clock }, config);
    const temporary = compile(
      '#include <stdlib.h>\nint main(void) { char t[] = "/tmp/XXXXXX"; return mkstemp(t); }',
      '-static',
    );
    await shows('tmp-missing', { '/app': temporary });
    expect(await codes({ '/app': temporary, '/tmp': 0o1777 })).toEqual([]);
  });

  test('what dynamic programs miss at run time: name service modules, certificates', async () => {
    const users = compile('#include <pwd.h>\nint main(void) { return getpwnam("a") != 0; }');
    await shows('nss-missing', { '/app': users, ...system });
    const tls = compile(
      'const char *bundle = "/etc/ssl/certs/ca-certificates.crt"; int SSL_CTX_new(void); int main(void) { return *bundle; }',
      '-static',
    );
    await shows('ca-certificates-missing', { '/app': tls });
    await shows('data-missing', { '/app': idle }, { Entrypoint: ['/app', '/etc/app.conf'] });
  });

  test('what is better not there', async () => {
    const rest = { '/app': idle };
    expect(await shows('world-writable-file', { ...rest, '/srv/x': ['', 0o666] })).toMatchObject({ path: '/srv/x' });
    await shows('world-writable-file', { ...rest, '/srv': 0o777 });
    expect(await codes({ ...rest, '/tmp': 0o1777 })).toEqual([]);
    await shows('package-manager-present', { ...rest, '/usr/bin/apt-get': idle });
    await shows('build-tools-present', { ...rest, '/usr/bin/x86_64-linux-gnu-gcc-12': idle });
    expect(await shows('setuid-file', { ...rest, '/bin/su': [idle, 0o4755] })).toMatchObject({
      severity: 'info',
      path: '/bin/su',
    });
    await shows('runs-as-root', rest, { Entrypoint: ['/app'], User: 'root' });
  });

  test('about a program that nothing starts is no error', async () => {
    expect(await codes({ '/app': idle, '/usr/bin/tool': dynamic, '/opt/x/tool': dynamic })).toEqual([
      'warning missing-interpreter /usr/bin/tool',
      'warning missing-library /usr/bin/tool',
      'info missing-interpreter /opt/x/tool',
      'info missing-library /opt/x/tool',
    ]);
  });

  test('has been shown of every code', () => {
    expect([...shown].sort()).toEqual(Object.keys(FINDING_SEVERITY).sort());
  });
});

test('the documentation explains every code', () => {
  const page = readFileSync(new URL('../../../docs/findings.md', import.meta.url), 'utf8');
  for (const code of Object.keys(FINDING_SEVERITY)) expect(page).toMatch(new RegExp(`^\\| \`${code}\` \\|`, 'm'));
});
