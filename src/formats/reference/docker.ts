/**
 * Names of images as Docker and registries write them: the grammar of distribution/reference (`reference.go`), and the
 * normalisation that makes `redis` mean `docker.io/library/redis`.
 * @module
 */
import { type Digest, isDigest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';

/** A name with its registry spelt out. */
export interface NamedReference {
  /** Host with optional port: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly domain: string;
  /** Repository inside the registry: `library/redis`. */
  readonly path: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

const DEFAULT_DOMAIN = 'docker.io';
/** Docker Hub's old name, still met in configuration files. */
const LEGACY_DOMAIN = 'index.docker.io';
const OFFICIAL = 'library/';
/** Longest repository path; the domain does not count. */
const MAX_PATH = 255;
const MAX_TEXT = 4096;

const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const DOMAIN = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const PATH = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const IDENTIFIER = /^[a-f0-9]{64}$/;

export function isDomain(text: string): boolean {
  return text.length <= MAX_PATH && DOMAIN.test(text);
}

export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** Sixty-four hexadecimal digits: an image's id, which is no name. */
export function isIdentifier(text: string): boolean {
  return IDENTIFIER.test(text);
}

/**
 * With Docker's normalisation: the first component is the registry only where it has a dot, a colon or a capital, or is
 * `localhost`; else the registry is docker.io, and a single word is below `library/`. No tag is added.
 * @throws ImageError USAGE
 */
export function parseNamed(text: string): NamedReference {
  if (isIdentifier(text)) {
    throw malformed(text, 'it is an identifier, not a name', `to mean the image of that digest, write sha256:${text}`);
  }
  const { name, tag, digest } = splitSuffixes(text);
  const { domain, path } = splitDomain(name);
  if (!isDomain(domain)) throw malformed(text, `"${domain}" is not a registry's host name`);
  return { domain, path: checkedPath(text, path), tag, digest };
}

/** The tag `latest` where there is neither tag nor digest, as docker does when it has to have one. */
export function withDefaultTag(named: NamedReference): NamedReference {
  return named.tag === undefined && named.digest === undefined ? { ...named, tag: 'latest' } : named;
}

/** In full: `docker.io/library/redis:7@sha256:…`. */
export function formatNamed(named: NamedReference): string {
  const tag = named.tag === undefined ? '' : `:${named.tag}`;
  const digest = named.digest === undefined ? '' : `@${named.digest}`;
  return `${repositoryOf(named)}${tag}${digest}`;
}

/** `docker.io/library/redis`: the name without tag and digest. */
export function repositoryOf(named: NamedReference): string {
  return `${named.domain}/${named.path}`;
}

/** As people write it: `redis` for `docker.io/library/redis`. Without tag and digest. */
export function familiarRepository(named: NamedReference): string {
  if (named.domain !== DEFAULT_DOMAIN) return repositoryOf(named);
  const short = named.path.startsWith(OFFICIAL) ? named.path.slice(OFFICIAL.length) : named.path;
  // `library/a/b` is no official image: shortened it would be read as `a/b`.
  return short.includes('/') && short !== named.path ? named.path : short;
}

function splitDomain(name: string): { domain: string; path: string } {
  const cut = name.indexOf('/');
  const first = name.slice(0, Math.max(cut, 0));
  const isHost = /[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first;
  const given = cut > 0 && isHost ? first : DEFAULT_DOMAIN;
  const domain = given === LEGACY_DOMAIN ? DEFAULT_DOMAIN : given;
  const path = cut > 0 && isHost ? name.slice(cut + 1) : name;
  return { domain, path: domain === DEFAULT_DOMAIN && !path.includes('/') ? `${OFFICIAL}${path}` : path };
}

function splitSuffixes(text: string): { name: string; tag: string | undefined; digest: Digest | undefined } {
  if (text === '') throw new ImageError('USAGE', 'the name of an image is empty', { hint: 'write NAME[:TAG]' });
  if (text.length > MAX_TEXT) throw malformed(text, `it is longer than ${MAX_TEXT} characters`);
  const at = text.indexOf('@');
  // What is before it may be a password: nothing of it is shown.
  if (at >= 0 && text.includes('/', at)) {
    throw new ImageError('USAGE', 'the name of an image has no user in it: there is something before an "@"', {
      hint: 'log in with "pare login HOST", and write HOST/NAME[:TAG]',
    });
  }
  const named = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) {
    throw malformed(
      text,
      `"${digest.slice(0, 100)}" is not a digest`,
      'a digest is "sha256:" and 64 hexadecimal digits',
    );
  }
  const colon = named.lastIndexOf(':');
  if (colon < 0 || colon < named.lastIndexOf('/')) return { name: named, tag: undefined, digest };
  const tag = named.slice(colon + 1);
  if (!isTag(tag)) {
    throw malformed(
      text,
      `"${tag.slice(0, 100)}" is not a tag`,
      'a tag is at most 128 letters, digits, "_", "." and "-", and starts with a letter, digit or "_"',
    );
  }
  return { name: named.slice(0, colon), tag, digest };
}

function checkedPath(text: string, path: string): string {
  if (path.length > MAX_PATH) throw malformed(text, `the repository's name is longer than ${MAX_PATH} characters`);
  if (PATH.test(path)) return path;
  if (path === '') throw malformed(text, 'the name of the repository is missing');
  if (PATH.test(path.toLowerCase())) {
    throw malformed(text, 'the name of the repository has capital letters', `write ${text.toLowerCase()}`);
  }
  throw malformed(
    text,
    `"${path.slice(0, 100)}" is not the name of a repository`,
    'it is made of lower-case letters and digits, with ".", "_", "__" or "-" between them, and "/" between the parts',
  );
}

function malformed(text: string, why: string, hint?: string): ImageError {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return new ImageError('USAGE', `"${shown}" is not the name of an image: ${why}`, hint === undefined ? {} : { hint });
}
