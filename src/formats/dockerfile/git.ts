/** References to git repositories, in ADD and as contexts: `https://HOST/REPO.git?query#ref:subdir`, `git@HOST:REPO`. @module */
import { ImageError } from '../../base/errors.ts';
import { redacted } from '../../base/secrets.ts';
import { parseBoolean } from './directives.ts';
import { didYouMean } from './suggest.ts';

export interface GitReference {
  /** For git itself, without query and fragment. */
  readonly remote: string;
  /** The repository's own name, as `bar` of `https://example.com/foo/bar.git`. */
  readonly shortName: string;
  /** A branch, a tag or a commit; undefined: the remote's HEAD. */
  readonly ref: string | undefined;
  readonly subdir: string | undefined;
  /** The commit that must come of it, or its first digits. */
  readonly checksum: string | undefined;
  readonly keepGitDir: boolean | undefined;
  readonly submodules: boolean | undefined;
  /** Ask the remote for the commit of `checksum` itself, not for the ref. */
  readonly fetchByCommit: boolean;
  /** The files' times: those of the commit, or of the checkout. */
  readonly mtime: 'commit' | 'checkout' | undefined;
  /** `github.com/foo/bar` could be a path as well: a repository as a context, and never in ADD. */
  readonly looksLocal: boolean;
  /** Over http:// or git://. */
  readonly unencrypted: boolean;
}

/**
 * What the text says if it names a git repository; undefined for a path, an ordinary address and everything else.
 * @throws ImageError INVALID for a query that contradicts itself or has unknown keys
 */
export function parseGitReference(text: string): GitReference | undefined {
  const [, address = '', query = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(text) ?? [];
  const remote = remoteOf(address);
  if (remote === undefined) return undefined;
  const [ref, ...subdir] = fragment.split(':');
  const shortName = (remote.url.split(/[/:]/).at(-1) ?? '').replace(/\.git$/, '');
  const said = new Query(text, query);
  said.set('ref', ref);
  said.set('subdir', subdir.join(':'));
  return {
    remote: remote.url,
    shortName,
    ref: said.ref(),
    subdir: said.text('subdir'),
    checksum: said.text('checksum'),
    keepGitDir: said.flag('keep-git-dir'),
    submodules: said.flag('submodules'),
    fetchByCommit: said.flag('fetch-by-commit') ?? false,
    mtime: said.mtime(),
    looksLocal: remote.looksLocal,
    unencrypted: /^(?:http|git):\/\//i.test(remote.url),
  };
}

function remoteOf(address: string): { url: string; looksLocal: boolean } | undefined {
  if (/^github\.com\/./.test(address)) return { url: `https://${address}`, looksLocal: true };
  const scheme = /^([a-z0-9]+):\/\/(?!-)/i.exec(address)?.[1]?.toLowerCase();
  if (scheme === 'http' || scheme === 'https') {
    return URL.canParse(address) && new URL(address).pathname.endsWith('.git')
      ? { url: address, looksLocal: false }
      : undefined;
  }
  const isOther = (scheme === 'ssh' || scheme === 'git') && URL.canParse(address);
  const isScp = /^[\w-]+@[a-z0-9.][a-z0-9.-]*:[^-]/i.test(address) && !address.includes('://');
  return isOther || isScp ? { url: address, looksLocal: false } : undefined;
}

/** Other names of the same key. */
const ALIASES: Readonly<Record<string, string>> = { commit: 'checksum' };
const KEYS = [
  'ref',
  'tag',
  'branch',
  'subdir',
  'checksum',
  'commit',
  'keep-git-dir',
  'submodules',
  'fetch-by-commit',
  'mtime',
];
/** May stand without a value. */
const FLAGS = ['keep-git-dir', 'submodules', 'fetch-by-commit'];

/** What the query and the fragment say together. */
class Query {
  readonly #text: string;
  readonly #values = new Map<string, string>();

  constructor(text: string, query: string) {
    this.#text = text;
    const params = new URLSearchParams(query);
    for (const key of new Set(params.keys())) {
      if (!KEYS.includes(key))
        throw this.#invalid(`unexpected query "${key}"`, didYouMean(key, KEYS) ?? `keys: ${KEYS.join(', ')}`);
      const [value = '', another] = params.getAll(key);
      if (another !== undefined) throw this.#invalid(`the query "${key}" has more than one value`);
      if (value === '' && !FLAGS.includes(key)) throw this.#invalid(`the query "${key}" has no value`);
      this.#values.set(ALIASES[key] ?? key, value);
    }
  }

  set(key: string, value: string | undefined): void {
    if (value === undefined || value === '') return;
    const before = this.#values.get(key);
    if (before !== undefined && before !== value) throw this.#conflict(key, value, before);
    this.#values.set(key, value);
  }

  text(key: string): string | undefined {
    return this.#values.get(key);
  }

  flag(key: string): boolean | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    const parsed = value === '' ? true : parseBoolean(value);
    if (parsed === undefined) throw this.#invalid(`invalid ${key} value: "${value}" is neither true nor false`);
    return parsed;
  }

  mtime(): GitReference['mtime'] {
    const value = this.#values.get('mtime');
    if (value === undefined || value === 'commit' || value === 'checkout') return value;
    throw this.#invalid(`invalid mtime value: "${value}" is neither commit nor checkout`);
  }

  /** `tag` and `branch` are refs by their full names. */
  ref(): string | undefined {
    const tag = full('refs/tags/', this.#values.get('tag'));
    const branch = full('refs/heads/', this.#values.get('branch'));
    if (tag !== undefined && branch !== undefined) throw this.#invalid('branch conflicts with tag');
    const ref = this.#values.get('ref');
    const named = tag ?? branch;
    if (ref !== undefined && named !== undefined && ref !== named) throw this.#conflict('ref', ref, named);
    return ref ?? named;
  }

  #conflict(key: string, one: string, other: string): ImageError {
    return this.#invalid(`${key} conflicts: "${one}" and "${other}"`);
  }

  #invalid(problem: string, hint?: string): ImageError {
    const message = `the git reference ${redacted(this.#text)} is wrong: ${problem}`;
    return new ImageError('INVALID', message, hint === undefined ? {} : { hint });
  }
}

function full(prefix: string, name: string | undefined): string | undefined {
  return name === undefined || name.startsWith(prefix) ? name : prefix + name;
}
