/** The package as it is published: installed globally, and imported by another project. */
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtempDisposable, readdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
/** What the build reads and what is published. */
const PARTS = [
  'bin',
  'src',
  'scripts',
  'docs',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'tsconfig.json',
  'tsconfig.lib.json',
];
const BIN = join(REPOSITORY, 'node_modules/.bin');

let place: Awaited<ReturnType<typeof mkdtempDisposable>>;
let tarball: string;
const at = (...path: readonly string[]) => join(place.path, ...path);

/** What npm has from installing the checkout is good enough, and nothing but packages is asked of the network. */
const INSTALL = [
  'npm',
  'install',
  '--ignore-scripts',
  '--prefer-offline',
  '--no-audit',
  '--no-fund',
  '--no-update-notifier',
];

function run(command: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): string {
  const [program = '', ...args] = command;
  const PATH = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  return execFileSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 180_000,
    killSignal: 'SIGKILL',
  });
}

beforeAll(async () => {
  place = await mkdtempDisposable(join(tmpdir(), 'pare-package-'));
  // In a copy: packing builds, and other tests run the build of this checkout.
  await mkdir(at('checkout'));
  for (const part of [...PARTS, 'package.json'])
    await cp(join(REPOSITORY, part), at('checkout', part), { recursive: true });
  await symlink(join(REPOSITORY, 'node_modules'), at('checkout/node_modules'));
  run(['npm', 'pack', '--silent', '--pack-destination', place.path], at('checkout'));
  const [name] = (await readdir(place.path)).filter((file) => file.endsWith('.tgz'));
  tarball = at(name ?? 'none');
});

afterAll(() => place[Symbol.asyncDispose]());

test('holds what is needed and nothing else', () => {
  const names = run(['tar', 'tzf', tarball], REPOSITORY).split('\n');
  for (const name of [
    'bin/pare.js',
    'bin/package.json',
    'dist/cli/main.js',
    'dist/lib/index.js',
    'dist/lib/index.d.ts',
  ]) {
    expect(names).toContain(`package/${name}`);
  }
  expect(names.filter((name) => /\.test\.|^package\/(src|test|scripts|node_modules)\//.test(name))).toEqual([]);
});

test('publint finds nothing wrong with it', () => {
  expect(run([join(BIN, 'publint'), 'run', tarball, '--strict'], REPOSITORY)).toContain('All good!');
});

test('installs globally, without development dependencies or install scripts, and works', async () => {
  run([...INSTALL, '--global', '--prefix', at('prefix'), tarball], place.path);
  const installed = at('prefix/lib/node_modules/pare');
  expect(await readdir(join(installed, 'node_modules'))).not.toContain('rolldown');
  const env = { HOME: place.path, PARE_HOME: at('store') };
  const pare = (...args: readonly string[]) => run([at('prefix/bin/pare'), ...args], place.path, env);
  expect(pare('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(pare('--help')).toContain('Usage: pare');
  expect(pare('pack', '/bin/true', '-o', `oci:${at('layout')}:true`)).toMatch(/^sha256:[0-9a-f]{64}\n$/);
  expect(JSON.parse(pare('doctor', '--json'))).toMatchObject({
    findings: expect.arrayContaining([expect.objectContaining({ name: 'koffi', state: 'present' })]),
  });
});

const PROGRAM = `
import { check, type Finding, ImageError } from 'pare';
try {
  const findings: readonly Finding[] = await check('oci:/no/such/layout');
  console.log(findings.length);
} catch (error) {
  console.log(error instanceof ImageError ? error.code : error);
}
`;

test('another project imports it, with its types', async () => {
  await mkdir(at('project'));
  await writeFile(at('project/package.json'), '{"type":"module","private":true}');
  await writeFile(at('project/program.ts'), PROGRAM);
  await writeFile(at('project/wrong.ts'), PROGRAM.replace('readonly Finding[]', 'number'));
  run([...INSTALL, tarball], at('project'));
  const types = ['--types', 'node', '--typeRoots', join(REPOSITORY, 'node_modules/@types')];
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext', ...types];
  const check = (file: string) => run([join(BIN, 'tsc'), ...options, file], at('project'));
  expect(check('program.ts')).toBe('');
  expect(() => check('wrong.ts')).toThrow(/wrong\.ts/);
  expect(run(['node', 'program.ts'], at('project'))).toBe('NOT_FOUND\n');
});
