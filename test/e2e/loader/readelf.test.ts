/** What the ELF reader says of the machine's files, against binutils' readelf. @module */
import { execFileSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readElf } from '../../../src/formats/elf/read.ts';
import { readSections } from '../../../src/formats/elf/sections.ts';
import { readDynamicSymbols } from '../../../src/formats/elf/symbols.ts';
import type { Elf, ReadRange } from '../../../src/formats/elf/types.ts';
import { machineHas } from '../needs.ts';
import { debianTree } from '../trees.ts';
import { elfFiles } from './compare.ts';

const able = machineHas({ programs: ['readelf'] });

/** About so many files of each root, evenly spread. */
const SAMPLE = 300;

const ROOTS: readonly [what: string, root: () => string | undefined][] = [
  ['amd64', () => '/'],
  ['arm64', () => debianTree({ suite: 'bookworm', arch: 'arm64' })],
  ['armhf', () => debianTree({ suite: 'bookworm', arch: 'armhf' })],
  ['s390x (big endian)', () => debianTree({ suite: 'bookworm', arch: 's390x' })],
];

describe.runIf(able).each(ROOTS)('%s', (_, rootOf) => {
  const root = able ? rootOf() : undefined;
  test.runIf(root !== undefined)('headers, dynamic section, versions, symbols and sections', async () => {
    const base = root === '/' ? '' : (root as string);
    const all = [...elfFiles(base === '' ? '/' : base, '/usr')].sort();
    const files = all.filter((_, i) => i % Math.ceil(all.length / SAMPLE) === 0).map((path) => `${base}${path}`);
    expect(files.length).toBeGreaterThan(SAMPLE / 2);
    for (let i = 0; i < files.length; i += 25) {
      const group = files.slice(i, i + 25);
      const told = readelf(group);
      for (const file of group) expect(differences(await facts(file), told.get(file) as Facts), file).toEqual([]);
    }
  });
});

interface Facts {
  readonly type: string;
  readonly interpreter: string | undefined;
  readonly dynamic: readonly string[];
  readonly versions: readonly string[];
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  readonly sections: readonly string[];
}

/** What only one of them says, the first of each kind. */
function differences(ours: Facts, theirs: Facts): string[] {
  return (Object.keys(ours) as (keyof Facts)[]).flatMap((kind) => {
    const [a, b] = [ours[kind], theirs[kind]].map((value) => (Array.isArray(value) ? value : [String(value)]));
    const at = a?.findIndex((one, i) => one !== b?.[i]) ?? -1;
    if (at < 0 && a?.length === b?.length) return [];
    return [`${kind}: ${a?.[at]} against ${b?.[at < 0 ? (a?.length ?? 0) : at]}`];
  });
}

/** By file: the same facts from readelf's text. */
function readelf(files: readonly string[]): Map<string, Facts> {
  const args = ['-W', '-h', '-l', '-d', '-V', '--dyn-syms', '-S', ...files, '/dev/null'];
  const text = execFileSync('sh', ['-c', 'LC_ALL=C readelf "$@" 2>/dev/null; true', 'sh', ...args], {
    maxBuffer: 1 << 30,
    encoding: 'utf8',
  });
  const parts = text.split(/^File: /m).slice(1);
  return new Map(parts.map((part) => [part.slice(0, part.indexOf('\n')), parse(part)]));
}

const TAGS = /\((NEEDED|SONAME|RPATH|RUNPATH|AUXILIARY|FILTER)\)\s+.*?\[(.*)\]$/;

function parse(text: string): Facts {
  const lines = text.split('\n');
  const of = (form: RegExp) => lines.flatMap((line) => form.exec(line)?.slice(1) ?? []);
  const symbols = lines.flatMap((line) => symbolIn(line) ?? []);
  const visible = symbols.filter((one) => one.bind !== 'LOCAL' && !/HIDDEN|INTERNAL/.test(one.visibility ?? ''));
  return {
    type: of(/^ {2}Type: +(\w+)/)[0] ?? '',
    interpreter: of(/Requesting program interpreter: (.*)\]/)[0],
    dynamic: lines.flatMap((line) => TAGS.exec(line)?.slice(1).join(' ') ?? []).sort(),
    versions: versionsIn(lines).sort(),
    imports: unique(symbols.filter(({ index }) => index === 'UND')),
    exports: unique(visible.filter(({ index }) => index !== 'UND')),
    sections: of(/^ {2}\[ *\d+\] (\S*) +(?:[A-Z][A-Z_0-9]*|[0-9a-f]+:) /),
  };
}

/** `Num: Value Size Type Bind Vis Ndx Name@VERSION (index)`; Go has names with spaces in them. */
const SYMBOL = /^ *\d+: \S+ +\S+ +\S+ +(LOCAL|GLOBAL|WEAK|UNIQUE) +(\S+) +(\S+) (.+)$/;

function symbolIn(line: string) {
  const [, bind, visibility, index, name] = SYMBOL.exec(line) ?? [];
  return name === undefined ? undefined : { bind, visibility, index, name: name.replace(/@.*$/, '') };
}

function unique(symbols: readonly { readonly name: string }[]): string[] {
  return [...new Set(symbols.map(({ name }) => name))].sort();
}

/** `FILE VERSION weak|strong` of what is needed, `VERSION` of what is defined. */
function versionsIn(lines: readonly string[]): string[] {
  const out: string[] = [];
  let file = '';
  for (const line of lines) {
    file = /Version: 1 {2}File: (\S+) /.exec(line)?.[1] ?? file;
    const needed = /Name: (\S+) {2}Flags: (.*?) {2}Version: \d+$/.exec(line);
    if (needed) out.push(`${file} ${needed[1]} ${/WEAK/.test(needed[2] ?? '') ? 'weak' : 'strong'}`);
    const defined = /Rev: 1 {2}Flags: (.*?) {2,}Index: \d+ {2}Cnt: \d+ {2}Name: (\S+)$/.exec(line);
    if (defined && !/BASE/.test(defined[1] ?? '')) out.push(defined[2] as string);
  }
  return out;
}

const TYPES: Readonly<Record<number, string>> = { 1: 'REL', 2: 'EXEC', 3: 'DYN', 4: 'CORE' };

async function facts(file: string): Promise<Facts> {
  const fd = openSync(file, 'r');
  try {
    const { size } = fstatSync(fd);
    const read: ReadRange = async (offset, length) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
    };
    const elf = (await readElf(read, size)) as Elf;
    const { imports, exports } = await readDynamicSymbols(elf, read);
    return {
      type: TYPES[elf.type] ?? '',
      interpreter: elf.interp,
      dynamic: dynamicOf(elf),
      versions: versionsOf(elf),
      imports: [...imports].sort(),
      exports: [...exports].sort(),
      sections: (await readSections(elf, read)).map(({ name }) => name),
    };
  } finally {
    closeSync(fd);
  }
}

function dynamicOf({ dynamic }: Elf): string[] {
  const { needed = [], soname, rpath, runpath, auxiliary = [], filter = [] } = dynamic ?? {};
  const one = (tag: string, text: string | undefined) => (text === undefined ? [] : [`${tag} ${text}`]);
  const many = (tag: string, texts: readonly string[]) => texts.map((text) => `${tag} ${text}`);
  return [
    ...many('NEEDED', needed),
    ...one('SONAME', soname),
    ...one('RPATH', rpath),
    ...one('RUNPATH', runpath),
    ...many('AUXILIARY', auxiliary),
    ...many('FILTER', filter),
  ].sort();
}

function versionsOf({ dynamic }: Elf): string[] {
  const needed = (dynamic?.versionsNeeded ?? []).flatMap(({ file, versions }) =>
    versions.map(({ name, weak }) => `${file} ${name} ${weak ? 'weak' : 'strong'}`),
  );
  return [...needed, ...(dynamic?.versionsDefined ?? [])].sort();
}
