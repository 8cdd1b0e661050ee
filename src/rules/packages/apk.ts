/**
 * apk's database of installed packages: blocks of `K:value` lines, separated by empty lines; apk-package(5) and
 * https://wiki.alpinelinux.org/wiki/Apk_spec, "Installed Database". In one block, `F:` names a directory and each `R:` after it a file in that directory.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { decodeName } from '../../base/names.ts';
import type { Package } from './types.ts';

const NEWLINE = 0x0a;
const COLON = 0x3a;

export interface ApkPackage extends Package {
  readonly kind: 'apk';
  /** What it provides, versions dropped: `so:libssl.so.3`, `cmd:sh`, names. */
  readonly provides: readonly string[];
  /** As in the database (`D:`), versions dropped: names, and what a {@link provides} holds. */
  readonly requires: readonly string[];
  /** Absolute paths, in the database's order. */
  readonly directories: readonly string[];
  readonly files: readonly string[];
}

interface Draft {
  readonly fields: Map<string, string>;
  readonly directories: string[];
  readonly files: string[];
  /** The directory that the files to come are in; `''` for the root. */
  directory: string;
}

/** @throws ImageError INVALID where a line is no `K:value` */
export function parseApkDatabase(bytes: Buffer, what: string): ApkPackage[] {
  const drafts = [newDraft()];
  let number = 0;
  for (let start = 0, end = 0; start < bytes.length; start = end + 1) {
    number++;
    end = bytes.indexOf(NEWLINE, start);
    if (end < 0) end = bytes.length;
    if (start === end) drafts.push(newDraft());
    else takeLine(drafts.at(-1) as Draft, bytes.subarray(start, end), `${what}: line ${number}`);
  }
  return drafts.map(finish).filter((one) => one !== undefined);
}

function newDraft(): Draft {
  return { fields: new Map(), directories: [], files: [], directory: '' };
}

function takeLine(draft: Draft, line: Uint8Array, where: string): void {
  if (line.length < 2 || line[1] !== COLON) throw new ImageError('INVALID', `${where} is not "K:value"`);
  const key = String.fromCharCode(line[0] as number);
  const value = decodeName(line.subarray(2));
  if (key === 'F') {
    draft.directory = value === '' ? '' : `/${value}`;
    if (value !== '') draft.directories.push(draft.directory);
  } else if (key === 'R') draft.files.push(`${draft.directory}/${value}`);
  else draft.fields.set(key, value);
}

/** Fields: P name, V version, A architecture, o origin (source package), L licence, D dependencies, p provides. */
function finish({ fields, directories, files }: Draft): ApkPackage | undefined {
  const [name, version] = [fields.get('P'), fields.get('V')];
  if (name === undefined || version === undefined) return undefined;
  const [origin, license] = [fields.get('o'), fields.get('L')];
  return {
    kind: 'apk',
    name,
    version,
    architecture: fields.get('A') ?? 'noarch',
    depends: [],
    source: origin === name ? undefined : origin,
    ...(license === undefined || license === '' ? {} : { license }),
    provides: capabilities(fields.get('p')),
    requires: capabilities(fields.get('D')),
    directories,
    files,
  };
}

/** `so:libc.so>=1 cmd:sh=2 !conflict` → `so:libc.so`, `cmd:sh`. */
function capabilities(field: string | undefined): string[] {
  return (field ?? '')
    .split(' ')
    .filter((one) => one !== '' && !one.startsWith('!'))
    .map((one) => one.split(/[<>=~@]/, 1)[0] as string);
}
