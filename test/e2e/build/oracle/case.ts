/** A build as data: its files, and what it is asked for, laid out on disk for whatever builder. @module */
import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, lutimesSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * By path, a directory's with a slash at its end: text; `-> target`, a symbolic link; `=> path`, a hard link to an entry before;
 * `fifo`; a tar. `@755 ` before text or alone for a directory: its permissions.
 */
export type Entries = Readonly<Record<string, string | Archive>>;

export interface Archive {
  readonly tar: Entries;
  readonly compressed?: 'gzip' | 'xz' | 'zstd' | 'bzip2';
  /** Members by their names, in this order; default all that is in it, as `./`. */
  readonly members?: readonly string[];
}

export interface BuildCase {
  readonly name: string;
  readonly dockerfile: string;
  readonly files?: Entries;
  /** `--build-arg` */
  readonly args?: Readonly<Record<string, string>>;
  readonly target?: string;
  /** `--build-context`: files, or `base` for the base image. */
  readonly contexts?: Readonly<Record<string, Entries | 'base'>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

interface LaidContext {
  readonly kind: 'directory' | 'layout';
  readonly path: string;
}

export interface LaidCase {
  readonly name: string;
  readonly context: string;
  readonly dockerfile: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target: string | undefined;
  /** Directories, and OCI layouts of images. */
  readonly contexts: ReadonlyMap<string, LaidContext>;
  /** Paths of files. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** Of all files of contexts: seconds since the epoch. */
export const CONTEXT_TIME = 1_400_000_000;

/** @param base OCI layout of the image that FROM calls `base`; empty: there is none */
export function layOut(one: BuildCase, directory: string, base: string): LaidCase {
  const root = mkdtempSync(join(directory, `${one.name.replaceAll(/\W+/g, '-')}-`));
  const place = (name: string, entries: Entries) => {
    const path = join(root, name);
    layFiles(entries, path);
    return path;
  };
  const dockerfile = join(root, 'file', 'Dockerfile');
  mkdirSync(dirname(dockerfile));
  writeFileSync(dockerfile, one.dockerfile);
  const contexts = Object.entries(one.contexts ?? {}).map(([name, entries], i): readonly [string, LaidContext] => {
    if (entries === 'base') return [name, { kind: 'layout', path: base }];
    return [name, { kind: 'directory', path: place(`context${i}`, entries) }];
  });
  const secrets = Object.entries(one.secrets ?? {}).map(([id, text]): readonly [string, string] => {
    const path = join(root, `secret-${id}`);
    writeFileSync(path, text);
    return [id, path];
  });
  return {
    name: one.name,
    context: place('context', one.files ?? {}),
    dockerfile,
    args: one.args ?? {},
    target: one.target,
    contexts: new Map<string, LaidContext>([
      ...(base === '' ? [] : [['base', { kind: 'layout', path: base }] as const]),
      ...contexts,
    ]),
    secrets: Object.fromEntries(secrets),
    labels: one.labels ?? {},
  };
}

function layFiles(entries: Entries, root: string): void {
  mkdirSync(root, { recursive: true });
  const directories = new Set([root]);
  for (const [name, entry] of Object.entries(entries)) {
    const path = join(root, name);
    const parent = name.endsWith('/') ? path : dirname(path);
    mkdirSync(parent, { recursive: true });
    for (let at = parent; at.length > root.length; at = dirname(at)) directories.add(at.replace(/\/$/, ''));
    if (typeof entry === 'string') layEntry(entry, path, root);
    else layArchive(entry, path);
  }
  for (const path of [...directories].sort((a, b) => b.length - a.length)) setTime(path);
}

function layEntry(entry: string, path: string, root: string): void {
  const [, bits, rest = ''] = /^(?:@([0-7]+) ?)?(.*)$/s.exec(entry) ?? [];
  const [, arrow, target = ''] = /^(->|=>) (.*)$/s.exec(rest) ?? [];
  if (path.endsWith('/')) chmodSync(path, Number.parseInt(bits ?? '755', 8));
  else if (arrow === '->') symlinkSync(target, path);
  else if (arrow === '=>') linkSync(join(root, target), path);
  else if (rest === 'fifo') execFileSync('mkfifo', [path]);
  else writeFileSync(path, rest);
  if (!path.endsWith('/') && arrow === undefined) chmodSync(path, Number.parseInt(bits ?? '644', 8));
  setTime(path.replace(/\/$/, ''));
}

function setTime(path: string): void {
  lutimesSync(path, CONTEXT_TIME, CONTEXT_TIME);
}

/** Files of 7:8. */
function layArchive({ tar, compressed, members = ['.'] }: Archive, path: string): void {
  const from = `${path}.files`;
  layFiles(tar, from);
  const options = ['--sort=name', '--owner=7', '--group=8', '--numeric-owner', '--no-recursion', '-C', from];
  if (members.length === 1) options.splice(options.indexOf('--no-recursion'), 1);
  execFileSync('tar', [...options, ...(compressed === undefined ? [] : [`--${compressed}`]), '-cf', path, ...members]);
  rmSync(from, { recursive: true });
  setTime(path);
}
