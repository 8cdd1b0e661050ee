/**
 * References to images and root filesystems in the forms of containers-transports(5): a transport, a colon, and what the
 * transport needs. What the words mean on this machine (relative paths, the store) is for the transports to say.
 * @module
 */
import { type Digest, isDigest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { redacted } from '../../base/secrets.ts';
import { formatNamed, isIdentifier, type NamedReference, parseNamed, withDefaultTag } from './docker.ts';

/** An image by its name, its digest, or the first digits of its digest, in pare's own store. */
export interface StoreReference {
  readonly kind: 'store';
  readonly text: string;
  /** With a default tag where neither tag nor digest is given; absent for `sha256:…`. */
  readonly named: NamedReference | undefined;
  readonly digest: Digest | undefined;
}

/** An image in a registry. */
export interface RemoteReference {
  readonly kind: 'docker';
  readonly text: string;
  readonly named: NamedReference;
}

/** An image in a Docker or Podman daemon: by its name, or by its id, the digest of its config. */
export interface DaemonReference {
  readonly kind: 'docker-daemon';
  readonly text: string;
  readonly image: NamedReference | Digest;
}

/** An image in an OCI layout: a directory, or a tar of one. */
export interface LayoutReference {
  readonly kind: 'oci' | 'oci-archive';
  readonly text: string;
  /** Directory or file; `-` is stdin or stdout. */
  readonly path: string;
  /** The annotation `org.opencontainers.image.ref.name`; or which manifest of the index, counted from 0. */
  readonly name: string | undefined;
  readonly index: number | undefined;
}

/** An image in an archive as `docker save` writes it. */
export interface DockerArchiveReference {
  readonly kind: 'docker-archive';
  readonly text: string;
  readonly path: string;
  readonly named: NamedReference | undefined;
  readonly index: number | undefined;
}

/** A root filesystem without a config: a directory, a tar file, this machine, or nothing at all. */
export interface RootReference {
  readonly kind: 'rootfs' | 'tar' | 'host' | 'scratch';
  readonly text: string;
  /** Directory or file (`-` for a tar: stdin or stdout); `/` for the host, empty for scratch. */
  readonly path: string;
}

export type Reference =
  | StoreReference
  | RemoteReference
  | DaemonReference
  | LayoutReference
  | DockerArchiveReference
  | RootReference;

/** Whether it names a root filesystem and no image. */
export function isRootReference(reference: Reference): reference is RootReference {
  return ['rootfs', 'tar', 'host', 'scratch'].includes(reference.kind);
}

type Parser = (rest: string, text: string) => Reference;

/** By what stands before the first colon. */
const PARSERS: Readonly<Record<string, Parser>> = {
  docker: (rest, text) => {
    if (!rest.startsWith('//')) throw usage(text, 'two slashes are missing', `write docker://${rest}`);
    return { kind: 'docker', text, named: withDefaultTag(parseNamed(rest.slice(2))) };
  },
  'docker-daemon': (rest, text) => ({ kind: 'docker-daemon', text, image: daemonImage(rest, text) }),
  oci: (rest, text) => layout('oci', rest, text),
  'oci-archive': (rest, text) => layout('oci-archive', rest, text),
  'docker-archive': dockerArchive,
  rootfs: (rest, text) => ({ kind: 'rootfs', text, path: required(rest, text, 'rootfs:DIR') }),
  tar: (rest, text) => ({ kind: 'tar', text, path: required(rest, text, 'tar:FILE') }),
  host: (rest, text) => {
    if (rest === '') return { kind: 'host', text, path: '/' };
    if (rest.startsWith('/')) throw usage(text, 'host: is the whole machine', `for a part of it, write rootfs:${rest}`);
    return store(text);
  },
};

const WITH_SKOPEO = 'copy it out first: skopeo copy TRANSPORT:NAME oci-archive:FILE';
const WEB = 'an image in a registry is written docker://HOST/NAME[:TAG]';

/** Transports of other tools (containers-transports(5)), and what to use instead. */
const FOREIGN: Readonly<Record<string, string>> = {
  dir: 'pare has no dir: transport: use oci:DIR, which skopeo reads and writes as well',
  'containers-storage': WITH_SKOPEO.replace('TRANSPORT', 'containers-storage'),
  ostree: WITH_SKOPEO.replace('TRANSPORT', 'ostree'),
  sif: WITH_SKOPEO.replace('TRANSPORT', 'sif'),
  'docker-tarball': 'write docker-archive:FILE for what docker save writes, tar:FILE for a root filesystem',
  http: WEB,
  https: WEB,
};

/** @throws ImageError USAGE: what is wrong, and how to write it. */
export function parseReference(text: string): Reference {
  if (text === 'scratch') return { kind: 'scratch', text, path: '' };
  const colon = text.indexOf(':');
  const prefix = colon < 0 ? '' : text.slice(0, colon);
  const parser = Object.hasOwn(PARSERS, prefix) ? PARSERS[prefix] : undefined;
  if (parser !== undefined) return parser(text.slice(colon + 1), text);
  refuseUnknown(prefix, text);
  return store(text);
}

/** A transport that is none of ours would silently become the name of an image, and what is behind it the tag. */
function refuseUnknown(prefix: string, text: string): void {
  const rest = text.slice(prefix.length + 1);
  const unknown = `pare does not know the transport "${prefix}"`;
  // No transport of images, and may be the name of one.
  const isName = /^https?$/.test(prefix) && /^\w[\w.-]*$/.test(rest);
  if (Object.hasOwn(FOREIGN, prefix) && !isName) throw usage(text, unknown, FOREIGN[prefix] as string);
  const meant = Object.keys(PARSERS).find((known) => known.includes('-') && isNear(prefix, known));
  if (meant !== undefined) throw usage(text, unknown, `did you mean ${meant}:${rest}?`);
  // No tag begins like a path.
  if (/^[a-z][a-z-]*:\.{0,2}\//.test(text)) {
    const known = Object.keys(PARSERS).map((one) => (one === 'docker' ? 'docker://' : `${one}:`));
    throw usage(text, unknown, `transports are ${known.join(', ')}`);
  }
}

/** Whether one slip of the hand lies between them: a letter more, less or another, or two that have changed places. */
function isNear(a: string, b: string): boolean {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let end = 0;
  while (end < shorter - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [x, y] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  return Math.max(x.length, y.length) < 2 || (x.length === 2 && x === [...y].reverse().join(''));
}

function store(text: string): StoreReference {
  if (isDigest(text)) return { kind: 'store', text, named: undefined, digest: text };
  if (isIdentifier(text)) return { kind: 'store', text, named: undefined, digest: `sha256:${text}` as Digest };
  if (/^(?:\.{0,2}\/|~)/.test(text)) {
    throw usage(
      text,
      'it is a path, and the transport is missing',
      'write rootfs:DIR or oci:DIR for a directory; tar:FILE, docker-archive:FILE or oci-archive:FILE for a file',
    );
  }
  const named = withDefaultTag(parseNamed(text));
  return { kind: 'store', text, named, digest: named.digest };
}

function layout(kind: 'oci' | 'oci-archive', rest: string, text: string): LayoutReference {
  const { path, pick } = splitPick(required(rest, text, `${kind}:PATH[:NAME]`), text);
  return { kind, text, path, ...picked(pick, text, (name) => name) };
}

function dockerArchive(rest: string, text: string): DockerArchiveReference {
  const { path, pick } = splitPick(required(rest, text, 'docker-archive:FILE[:NAME]'), text);
  const { name, index } = picked(pick, text, (given) => withDefaultTag(parseNamed(given)));
  if (name?.digest !== undefined) {
    throw usage(text, 'an archive of docker save knows images by tag only', 'write NAME:TAG, without the digest');
  }
  return { kind: 'docker-archive', text, path, named: name, index };
}

function daemonImage(rest: string, text: string): NamedReference | Digest {
  if (rest === '') throw usage(text, 'the name of the image is missing', 'write docker-daemon:NAME[:TAG]');
  if (isDigest(rest)) return rest;
  return isIdentifier(rest) ? (`sha256:${rest}` as Digest) : withDefaultTag(parseNamed(rest));
}

/** `PATH[:NAME|:@INDEX]`; a path with a colon in it cannot be written, as in containers-transports(5). */
function splitPick(rest: string, text: string): { path: string; pick: string | undefined } {
  const colon = rest.indexOf(':');
  if (colon < 0) return { path: rest, pick: undefined };
  const path = rest.slice(0, colon);
  const pick = rest.slice(colon + 1);
  if (path === '') throw usage(text, 'the path is missing', 'a path stands between the first and the second colon');
  if (pick === '') throw usage(text, 'nothing follows the last colon', `write ${text.slice(0, -1)}`);
  return { path, pick };
}

function picked<T>(
  pick: string | undefined,
  text: string,
  parse: (name: string) => T,
): { name: T | undefined; index: number | undefined } {
  if (pick === undefined) return { name: undefined, index: undefined };
  if (!pick.startsWith('@')) return { name: parse(pick), index: undefined };
  if (!/^@\d{1,6}$/.test(pick)) {
    throw usage(text, `"${pick}" is not a place in the archive`, 'write @0 for the first image, @1 for the second');
  }
  return { name: undefined, index: Number(pick.slice(1)) };
}

function required(rest: string, text: string, form: string): string {
  if (rest === '') throw usage(text, 'the path is missing', `write ${form}`);
  return rest;
}

function usage(text: string, why: string, hint: string): ImageError {
  return new ImageError('USAGE', `"${redacted(text).slice(0, 200)}" is not a reference: ${why}`, { hint });
}

/** The reference in full, for messages that have to say what a short name was taken for. */
export function describeReference(reference: Reference): string {
  switch (reference.kind) {
    case 'store':
      return reference.named === undefined ? reference.text : formatNamed(reference.named);
    default:
      return reference.text;
  }
}
