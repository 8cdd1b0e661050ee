/**
 * Archives that GNU tar makes, in every format it knows, read by pare and by GNU tar itself: `tar --list` must say the same
 * as we do, line by line, and extraction must give the bytes we find.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  ftruncateSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeName } from '../../src/base/names.ts';
import type { TarEntry } from '../../src/formats/tar/entry.ts';
import { makeNode, setMtime, writeXattr } from '../../src/system/linux.ts';
import { contentsOf, scanAll, streamAll } from '../tar.ts';

const root = process.getuid?.() === 0;
const here = spawnSync('tar', ['--version'], { encoding: 'utf8' }).stdout?.includes('GNU tar') ?? false;
if (!here) process.stderr.write('skipped: GNU tar is not here\n');
if (!here && process.env['CI'] !== undefined) throw new Error('GNU tar is needed for the tests');

const scratch = mkdtempSync(join(tmpdir(), 'pare-tar-'));
afterAll(() => rmSync(scratch, { recursive: true }));

function tar(args: readonly string[], failing = false): string {
  const { status, stdout, stderr } = spawnSync('tar', args, {
    cwd: scratch,
    encoding: 'latin1',
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', TZ: 'UTC' },
    maxBuffer: 1 << 28,
  });
  if (status !== 0 && !failing) throw new Error(`tar ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** What v7 and ustar can hold as well. */
const SIMPLE = 'simple';
/** What needs extensions. */
const HARD = 'hard';

function makeSimple(): void {
  const at = (name: string) => join(scratch, SIMPLE, name);
  mkdirSync(at('empty'), { recursive: true });
  writeFileSync(at('file'), 'hello\n');
  writeFileSync(at('block'), Buffer.alloc(512, 1));
  writeFileSync(at('block and one'), Buffer.alloc(513, 2));
  writeFileSync(at('none'), '');
  writeFileSync(at('setuid'), '', { mode: 0o755 });
  spawnSync('chmod', ['6755', at('setuid')]);
  spawnSync('chmod', ['1777', at('empty')]);
  linkSync(at('file'), at('hard link'));
  symlinkSync('../file', at('symlink'));
  for (const name of ['file', 'block', 'none', 'setuid', 'symlink', 'empty']) setMtime(at(name), 1_234_567_890, 0);
}

function makeHard(): void {
  const at = (name: string | Buffer) =>
    Buffer.concat([Buffer.from(join(scratch, HARD, '/')), encodeName(String(name))]);
  mkdirSync(join(scratch, HARD));
  const long = Array.from({ length: 30 }, (_, i) => `component-${i}`).join('/');
  mkdirSync(at(long), { recursive: true });
  writeFileSync(at(`${long}/${'f'.repeat(200)}`), 'deep');
  linkSync(at(`${long}/${'f'.repeat(200)}`), at('link to the long one'));
  symlinkSync('t'.repeat(300), at('long symlink'));
  writeFileSync(at('K\u00f6ln \u{1f600}'), 'utf-8');
  writeFileSync(at('not utf-8 \udce4\udcff\udc80'), 'bytes');
  writeFileSync(at('line\nbreak\tand \\'), 'odd');
  spawnSync('mkfifo', [at('fifo').toString()]);
  for (const [name, seconds, nanoseconds] of [
    ['before 1970', -1, 250_000_000],
    ['long before', -2_000_000_000, 0],
    ['nanoseconds', 1_700_000_000, 123_456_789],
    ['far future', 9_000_000_000, 1],
  ] as const) {
    writeFileSync(at(name), name);
    setMtime(at(name), seconds, nanoseconds);
  }
  if (!root) return;
  for (const [name, id] of [
    ['owner', 3_000_000_000],
    ['octal end', 2_097_151],
    ['octal over', 2_097_152],
  ] as const) {
    writeFileSync(at(name), name);
    lchownSync(at(name), id, id - 1);
  }
  makeNode(at('null'), 'char', 0o666, { major: 1, minor: 3 });
  makeNode(at('disk'), 'block', 0o660, { major: 259, minor: 70_000 });
}

/** Holes at the start, in the middle and at the end, and more pieces than one old GNU header or extension block takes. */
function makeSparse(): void {
  mkdirSync(join(scratch, 'sparse'));
  const holes = (name: string, size: number, pieces: readonly number[]) => {
    const fd = openSync(join(scratch, 'sparse', name), 'w');
    ftruncateSync(fd, size);
    for (const at of pieces) writeSync(fd, Buffer.alloc(5000, 1 + (at % 250)), 0, 5000, at);
  };
  holes('all hole', 1_000_000, []);
  holes('starts with data', 1_000_000, [0, 300_000]);
  holes('ends with data', 1_000_000, [995_000]);
  holes(
    'many pieces',
    4_000_000,
    Array.from({ length: 100 }, (_, i) => i * 40_960),
  );
}

if (here) {
  makeSimple();
  makeHard();
  makeSparse();
}

const TYPES: Record<string, string> = {
  file: '-',
  dir: 'd',
  symlink: 'l',
  hardlink: 'h',
  char: 'c',
  block: 'b',
  fifo: 'p',
};

/** The line of `tar --list --verbose --full-time --numeric-owner --quoting-style=escape`, spaces squeezed. */
function line(entry: TarEntry): string {
  const owner = `${entry.uid}/${entry.gid}`;
  const device = entry.kind === 'char' || entry.kind === 'block';
  const size = device ? `${entry.major},${entry.minor}` : entry.kind === 'file' ? entry.size : 0;
  const target = { symlink: ' -> ', hardlink: ' link to ' }[entry.kind as string];
  const link = target === undefined ? '' : `${target}${escaped(entry.linkname)}`;
  return `${TYPES[entry.kind]}${rwx(entry.mode)} ${owner} ${size} ${stamp(entry)} ${escaped(entry.name)}${link}`;
}

function rwx(mode: number): string {
  const bits = (shift: number, special: number, letter: string) => {
    const x = (mode >> shift) & 1;
    const last = mode & special ? (x ? letter : letter.toUpperCase()) : x ? 'x' : '-';
    return `${(mode >> shift) & 4 ? 'r' : '-'}${(mode >> shift) & 2 ? 'w' : '-'}${last}`;
  };
  return bits(6, 0o4000, 's') + bits(3, 0o2000, 's') + bits(0, 0o1000, 't');
}

/** Before 1970, GNU tar's listing counts a fraction from the wrong second (tartime in its list.c); extraction is right. */
function stamp({ mtime, mtimeNs }: TarEntry): string {
  const odd = mtime < 0 && mtimeNs > 0;
  const [date, time = ''] = new Date((odd ? mtime + 1 : mtime) * 1000).toISOString().split('T');
  const shown = odd ? 1e9 - mtimeNs : mtimeNs;
  const fraction = shown === 0 ? '' : `.${String(shown).padStart(9, '0').replace(/0+$/, '')}`;
  return `${date} ${time.slice(0, 8)}${fraction}`;
}

function escaped(name: string): string {
  const bytes = encodeName(
    name
      .replace(/\\/g, '\\\\')
      .replace(/\n/g, '\\n')
      .replace(/\t/g, '\\t')
      .replace(/[\udc80-\udcff](?<![\ud800-\udbff].)/g, (c) => `\\${(c.charCodeAt(0) & 0xff).toString(8)}`),
  );
  return bytes.toString('latin1');
}

const LIST = ['--list', '--verbose', '--full-time', '--numeric-owner', '--quoting-style=escape', '--warning=none'];

async function compare(archive: string, member: string): Promise<TarEntry[]> {
  const bytes = readFileSync(join(scratch, archive));
  const entries = await scanAll(bytes);
  expect(streamAll(bytes, 10_000)).toEqual(entries);
  const listed = tar([...LIST, '--file', archive])
    .trimEnd()
    .split('\n')
    .map((text) => text.replace(/^(\S+ \S+) +/, '$1 ').replace(/(:\d\d(?:\.\d+)?) +/, '$1 '));
  expect(entries.map(line)).toEqual(listed);
  const files = entries.filter(({ kind }) => kind === 'file');
  expect(files.length).toBeGreaterThan(3);
  const out = join(scratch, `out-${archive}`);
  mkdirSync(out);
  tar(['--extract', '--file', archive, '--directory', out, '--no-same-owner', '--exclude=null', '--exclude=disk']);
  for (const file of files) {
    expect(file.name.startsWith(member)).toBe(true);
    const path = Buffer.concat([Buffer.from(`${out}/`), encodeName(file.name)]);
    expect(sha256(contentsOf(bytes, file))).toBe(sha256(readFileSync(path)));
    expect(BigInt(file.mtime) * 1_000_000_000n + BigInt(file.mtimeNs)).toBe(lstatSync(path, { bigint: true }).mtimeNs);
  }
  return entries;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe.skipIf(!here)('archives made by GNU tar', () => {
  it.each(['v7', 'oldgnu', 'gnu', 'ustar', 'pax', 'posix'])('%s, simple files', async (format) => {
    tar(['--create', `--format=${format}`, '--file', `${format}.tar`, '--sort=name', SIMPLE]);
    const entries = await compare(`${format}.tar`, SIMPLE);
    expect(entries.length).toBe(9);
  });

  it.each(['oldgnu', 'gnu', 'pax'])('%s, long names, odd names, times, ids, devices', async (format) => {
    tar(['--create', `--format=${format}`, '--file', `hard-${format}.tar`, '--sort=name', HARD]);
    const entries = await compare(`hard-${format}.tar`, HARD);
    expect(entries.length).toBeGreaterThan(40);
    if (!root) return;
    expect(entries.find(({ name }) => name.endsWith('/owner'))).toMatchObject({
      uid: 3_000_000_000,
      gid: 2_999_999_999,
    });
  });

  it.each([
    ['oldgnu', []],
    ['gnu', []],
    ['pax', ['--sparse-version=0.0']],
    ['pax', ['--sparse-version=0.1']],
    ['pax', ['--sparse-version=1.0']],
  ])('%s, sparse files %s', async (format, options) => {
    const archive = `sparse-${format}${options.join('')}.tar`;
    tar(['--create', `--format=${format}`, '--sparse', ...options, '--file', archive, '--sort=name', 'sparse']);
    const entries = await compare(archive, 'sparse');
    const many = entries.find(({ name }) => name === 'sparse/many pieces');
    expect(many?.extents?.length).toBe(100);
    expect(entries.find(({ name }) => name === 'sparse/all hole')?.stored).toBe(0);
  });

  it('reads extended attributes with binary values', async () => {
    const values = new Map([
      ['user.text', Buffer.from('value')],
      ['user.binary', Buffer.from([0, 255, 10, 61, 0])],
      ['user.with=sign%3D', Buffer.from('x')],
    ]);
    mkdirSync(join(scratch, 'xattrs'));
    const file = join(scratch, 'xattrs', 'file');
    writeFileSync(file, '');
    for (const [name, value] of values) writeXattr(file, name, value);
    tar(['--create', '--format=pax', '--xattrs', '--file', 'xattrs.tar', 'xattrs']);
    const [, entry] = await scanAll(readFileSync(join(scratch, 'xattrs.tar')));
    const found = [...(entry?.xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value)]);
    expect(new Map(found as [string, Buffer][])).toEqual(values);
  });

  it('applies global PAX headers, as GNU tar does', async () => {
    tar(['--create', '--format=pax', '--pax-option=globexthdr.name=g,mtime=-1.5', '--file', 'global.tar', SIMPLE]);
    const bytes = readFileSync(join(scratch, 'global.tar'));
    const [global, ...entries] = await scanAll(bytes);
    expect(global?.kind).toBe('global');
    const listed = tar([...LIST, '--file', 'global.tar'])
      .trimEnd()
      .split('\n');
    expect(entries.map(stamp)).toEqual(listed.map((text) => / (\d{4}-\S+ \S+) /.exec(text)?.[1]));
    expect(entries.map(stamp)).toContain('1969-12-31 23:59:59.5');
    expect(entries[1]).toMatchObject({ mtime: -2, mtimeNs: 500_000_000 });
    const ignored = (await scanAll(bytes, { globals: 'ignore' })).slice(1);
    expect(ignored.map(stamp)).not.toContain('1969-12-31 23:59:59.5');
  });

  it('refuses a continued volume', async () => {
    tar(
      [
        '--create',
        '--format=gnu',
        '-M',
        '-L',
        '10',
        '--file',
        'v1.tar',
        '--file',
        'v2.tar',
        '--file',
        'v3.tar',
        'sparse',
      ],
      true,
    );
    await expect(scanAll(readFileSync(join(scratch, 'v2.tar')))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});
