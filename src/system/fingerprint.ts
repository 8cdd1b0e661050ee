/**
 * What tells that files of this machine are still those that were looked at, without reading them: what lstat(2) says of each, above
 * all its inode and its time of change, which nobody can set. As the index of git has it, with its rule for times that are too
 * young to tell anything ("racy git").
 * @module
 */
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { type Digest, Digester } from '../base/digest.ts';
import { fromSystem, systemCode } from '../base/errors.ts';
import { decodeName, encodeName } from '../base/names.ts';
import { readXattrs } from './linux.ts';

/**
 * A file that was changed this short a time (milliseconds) before it was looked at could have been changed again without showing
 * it: times have the steps of the file system, at worst two seconds.
 */
export const SETTLED = 3000;

export interface FingerprintOptions {
  /** What of the directory: clean and absolute, `/` for all of it. No link is followed. */
  readonly path: string;
  /** What is not looked at, and what is not for its own sake, but what is below it; by path from the directory, `a/b`. */
  readonly ignore: (path: string) => 'in' | 'out' | 'perhaps';
  /** When the files were looked at (milliseconds since the epoch): they must not have been changed shortly before, or since. */
  readonly time: number;
  /** Called every now and then, for others to have a turn. */
  readonly breathe: () => Promise<void>;
}

/**
 * Equal only where nothing has changed: names, kinds, permissions, contents, targets, attributes.
 * @returns undefined where that cannot be told: a file is too young, a link stands on the way, another file system begins
 * @throws ImageError DENIED
 */
export async function fingerprintOf(directory: string, options: FingerprintOptions): Promise<Digest | undefined> {
  const look = new Look(directory, options);
  return (await look.start(options.path)) ? look.digest() : undefined;
}

/** How many entries are looked at before others have a turn. */
const BREATH = 4000;

/** Numbers of a leaf. */
const WORDS = 6;

class Look {
  readonly #root: string;
  readonly #options: FingerprintOptions;
  readonly #digester = new Digester();
  readonly #numbers = new Float64Array(512 * WORDS);
  #filled = 0;
  #device: number | undefined;
  #count = 0;

  constructor(root: string, options: FingerprintOptions) {
    this.#root = root.replace(/\/+$/, '');
    this.#options = options;
  }

  digest(): Digest {
    this.#flush();
    return this.#digester.digest();
  }

  /** Whether all of it can be told. */
  async start(path: string): Promise<boolean> {
    this.#device = this.#stat('')?.dev;
    let at = '';
    const names = path.split('/').filter((name) => name !== '');
    for (const [i, name] of names.entries()) {
      at += encodeName(`/${name}`).toString('latin1');
      const stats = this.#stat(at);
      if (stats === undefined || stats.isSymbolicLink()) return false;
      if (i === names.length - 1 && !stats.isDirectory()) return this.#leaf(stats);
    }
    return this.#directory(at);
  }

  /** @param path as bytes, each a character */
  async #directory(path: string): Promise<boolean> {
    const stats = this.#stat(path);
    if (stats === undefined || stats.dev !== this.#device) return false;
    const attributes = readXattrs(this.#onDisk(path)) ?? [];
    this.#text(`${stats.mode} ${[...attributes].map(attributeText).join('\0')}`);
    const entries = this.#entries(path);
    this.#text(entries.map(({ name, verdict }) => `${verdict} ${name}`).join('\0'));
    for (const { name, verdict } of entries) {
      if (++this.#count % BREATH === 0) await this.#options.breathe();
      const child = `${path}/${name}`;
      const found = this.#stat(child);
      const holds = found?.isDirectory() ? await this.#directory(child) : verdict === 'perhaps' || this.#leaf(found);
      if (!holds) return false;
    }
    return true;
  }

  #entries(path: string): readonly { readonly name: string; readonly verdict: 'in' | 'perhaps' }[] {
    return this.#names(path).flatMap((name) => {
      const verdict = this.#options.ignore(plain(`${path}/${name}`.slice(1)));
      return verdict === 'out' ? [] : { name, verdict };
    });
  }

  /** False for one that has gone meanwhile. */
  #leaf(stats: Stats | undefined): boolean {
    if (stats === undefined) return false;
    const { ino, mode, size, mtimeMs, ctimeMs, rdev } = stats;
    if (this.#options.time - Math.max(mtimeMs, ctimeMs) < SETTLED) return false;
    if (this.#filled === this.#numbers.length) this.#flush();
    for (const number of [ino, mode, size, mtimeMs, ctimeMs, rdev]) this.#numbers[this.#filled++] = number;
    return true;
  }

  #text(text: string): void {
    this.#flush();
    this.#digester.update(Buffer.from(`${text.length}:${text}`, 'latin1'));
  }

  #flush(): void {
    const { buffer } = this.#numbers;
    this.#digester.update(new Uint8Array(buffer, 0, this.#filled * Float64Array.BYTES_PER_ELEMENT));
    this.#filled = 0;
  }

  #names(path: string): readonly string[] {
    const directory = this.#onDisk(path);
    try {
      return readdirSync(directory, 'latin1').sort();
    } catch (error) {
      throw fromSystem(error, `cannot list ${this.#root}${plain(path)}`);
    }
  }

  #stat(path: string): Stats | undefined {
    try {
      return lstatSync(this.#onDisk(path), { throwIfNoEntry: false });
    } catch (error) {
      if (systemCode(error) === 'ENOTDIR') return undefined;
      throw fromSystem(error, `cannot look at ${this.#root}${plain(path)}`);
    }
  }

  #onDisk(path: string): string | Buffer {
    const full = path === '' ? '/' : path;
    return isAscii(path) ? this.#root + full : Buffer.concat([Buffer.from(this.#root), Buffer.from(full, 'latin1')]);
  }
}

function attributeText([name, value]: readonly [string, Uint8Array]): string {
  return `${name}=${Buffer.from(value).toString('hex')}`;
}

/** Bytes as they are named elsewhere. */
function plain(path: string): string {
  return isAscii(path) ? path : decodeName(Buffer.from(path, 'latin1'));
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
