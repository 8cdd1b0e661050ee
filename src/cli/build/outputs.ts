/** Where a build goes: docker's own forms of `--output`, and references. @module */
import { resolve } from 'node:path';
import { ImageError } from '../../base/errors.ts';
import { parseBoolean } from '../../formats/dockerfile/directives.ts';
import { splitRow } from '../../formats/dockerfile/mount.ts';
import { type LayerForm, parseLayerForm } from '../../formats/layer/form.ts';
import type { Platform } from '../../formats/oci/types.ts';
import { onePlatformOnly, type SaveForm } from '../../operations/build/save.ts';

export interface Wanted {
  readonly output: readonly string[];
  readonly tag: readonly string[];
  readonly load: boolean;
  readonly push: boolean;
  /** What it is called where the user gives it no name. */
  readonly fallback: string;
}

export interface Place {
  readonly reference: string;
  readonly form: SaveForm;
}

/**
 * A name that nobody gave is good enough for this machine, and not for a registry.
 * @returns in the order given; none for `type=cacheonly` alone
 * @throws ImageError USAGE
 */
export function placesOf({ output, tag, load, push, fallback }: Wanted): readonly Place[] {
  const local = tag.length > 0 ? tag : [fallback];
  const written = output.flatMap((text) => placeOf(text, tag, local));
  const daemon = load ? local.map((name) => plain(`docker-daemon:${name}`)) : [];
  const registry = push ? named(tag, '--push').map((name) => plain(`docker://${name}`)) : [];
  const places = [...written, ...daemon, ...registry];
  if (!load && !push) {
    if (output.length > 0) places.push(...tag.map(plain));
    else places.push(...local.map(plain));
  }
  const toStdout = places.filter(({ reference }) => isStdout(reference));
  if (toStdout.length <= 1) return places;
  throw new ImageError('USAGE', 'only one output can be written to stdout', {
    hint: 'give the others a file with dest=',
  });
}

export function isStdout(reference: string): boolean {
  return reference.endsWith(':-');
}

/** Before anything is built. @throws ImageError USAGE for several platforms where one has its place */
export function assertPlatforms(places: readonly Place[], platforms: readonly Platform[]): void {
  const single = places.find(({ reference }) => /^docker-(?:archive|daemon):/.test(reference));
  if (platforms.length > 1 && single !== undefined) throw onePlatformOnly(single.reference, platforms);
}

/** Whether it is an image, and not a directory or a tar of files. */
export function isImage({ reference }: Place): boolean {
  return !/^(?:rootfs|tar):/.test(reference);
}

function plain(reference: string): Place {
  return { reference, form: {} };
}

function named(tag: readonly string[], option: string): readonly string[] {
  if (tag.length > 0) return tag;
  throw new ImageError('USAGE', `${option} needs a name`, { hint: 'add -t NAME' });
}

const TRANSPORT = /^(?:docker|docker-daemon|oci|oci-archive|docker-archive|rootfs|tar):/;

/** A bare word is a directory, `-` a tar on stdout, as docker has it; what has a transport is a reference. */
function placeOf(text: string, tag: readonly string[], local: readonly string[]): readonly Place[] {
  if (text === '-') return [plain('tar:-')];
  if (TRANSPORT.test(text)) return [plain(text)];
  if (text === '') throw new ImageError('USAGE', '-o needs a directory, a reference, or type=');
  return /(?:^|,)"?type=/.test(text) ? typed(text, tag, local) : [directory(text, undefined)];
}

function directory(path: string, split: boolean | undefined): Place {
  return { reference: `rootfs:${resolve(path)}`, form: { over: true, split } };
}

type Fields = ReadonlyMap<string, string>;

const OF_FILES = ['type', 'dest', 'platform-split'];
const OF_IMAGES = [
  ...['type', 'name', 'compression', 'compression-level', 'force-compression', 'oci-mediatypes'],
  ...['oci-artifact', 'rewrite-timestamp', 'unpack', 'store'],
];
const OF_LAYOUTS = [...OF_IMAGES, 'dest', 'tar'];

/** What an output can say, by its type. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  local: OF_FILES,
  tar: OF_FILES,
  oci: OF_LAYOUTS,
  docker: OF_LAYOUTS,
  image: [...OF_IMAGES, 'push'],
  registry: [...OF_IMAGES, 'push'],
  cacheonly: ['type'],
};

/** Fields with the only value that pare can give, and why. */
const FIXED: Readonly<Record<string, readonly [value: boolean, why: string]>> = {
  'oci-mediatypes': [true, 'manifests are written as the OCI has them'],
  'oci-artifact': [true, 'no attestations are written, so there is nothing to choose'],
  'force-compression': [
    false,
    'layers of the base keep their bytes and digests; "pare copy --compression" changes them',
  ],
  'rewrite-timestamp': [true, 'with SOURCE_DATE_EPOCH times are rewritten, and without it there is no time to write'],
  unpack: [false, 'nothing is unpacked before a program runs'],
  store: [true, 'an image that is not to be kept needs no output at all: type=cacheonly'],
};

function typed(text: string, tag: readonly string[], local: readonly string[]): readonly Place[] {
  const fields = fieldsOf(text);
  const dest = fields.get('dest') || undefined;
  const form = { compression: compressionOf(fields, text) };
  const to = (reference: string): Place => ({ reference, form });
  switch (fields.get('type')) {
    case 'local':
      return [directory(directoryOf(dest, text), flag(fields, 'platform-split', text))];
    case 'tar':
      return [{ reference: `tar:${dest ?? '-'}`, form: { split: flag(fields, 'platform-split', text) } }];
    case 'oci':
      if (flag(fields, 'tar', text) !== false) return [to(`oci-archive:${dest ?? '-'}`)];
      return [to(`oci:${directoryOf(dest, text)}`)];
    case 'docker':
      if (dest === undefined) return local.map((name) => to(`docker-daemon:${name}`));
      return [to(`docker-archive:${dest}`)];
    case 'registry':
      return namesIn(fields, tag, text).map((name) => to(`docker://${name}`));
    case 'image': {
      const pushes = flag(fields, 'push', text) ?? false;
      return namesIn(fields, pushes ? tag : local, text).map((name) => to(pushes ? `docker://${name}` : name));
    }
    default:
      return [];
  }
}

/** @throws ImageError USAGE for a type or a field that there is not, and for what is refused */
function fieldsOf(text: string): Fields {
  const fields = new Map<string, string>();
  for (const field of splitRow(text)) {
    const cut = field.indexOf('=');
    if (cut < 0) throw usage(text, `"${field}" is no KEY=VALUE`);
    const key = field.slice(0, cut).trim().toLowerCase();
    fields.set(key === 'destination' ? 'dest' : key, field.slice(cut + 1));
  }
  const type = fields.get('type') ?? '';
  const known = FIELDS[type];
  if (known === undefined) {
    throw usage(text, `there is no output of the type "${type}"`, `types: ${Object.keys(FIELDS).join(', ')}`);
  }
  for (const key of fields.keys()) {
    if (known.includes(key)) continue;
    throw usage(text, refusedField(key) ?? `type=${type} has no "${key}"`, `it has ${known.join(', ')}`);
  }
  for (const [key, [only, why]] of Object.entries(FIXED)) {
    if ((flag(fields, key, text) ?? only) !== only) throw usage(text, `${key}=${!only} is not for pare: ${why}`);
  }
  return fields;
}

function refusedField(key: string): string | undefined {
  if (key.startsWith('annotation')) return `"${key}" is an option of its own here: --annotation`;
  if (key === 'registry.insecure') return 'registries without TLS are an option of their own here: --insecure';
  if (key === 'push-by-digest' || key === 'name-canonical') return `"${key}": what is pushed has a name here`;
  return undefined;
}

function flag(fields: Fields, key: string, text: string): boolean | undefined {
  const value = fields.get(key);
  if (value === undefined) return undefined;
  const parsed = parseBoolean(value);
  if (parsed === undefined) throw usage(text, `${key}="${value}" is neither true nor false`);
  return parsed;
}

/** Docker's names of the forms, where they are others. */
const COMPRESSIONS: Readonly<Record<string, string>> = { uncompressed: 'none' };

function compressionOf(fields: Fields, text: string): LayerForm | undefined {
  const name = fields.get('compression');
  const level = fields.get('compression-level');
  if (name === undefined && level === undefined) return undefined;
  if (name === undefined || name === '') throw usage(text, 'compression-level needs compression=');
  const form = COMPRESSIONS[name] ?? name;
  return parseLayerForm(level === undefined ? form : `${form}:${level}`);
}

function namesIn(fields: Fields, tag: readonly string[], text: string): readonly string[] {
  const name = fields.get('name');
  return name === undefined || name === '' ? named(tag, `-o ${text}`) : name.split(/[ ,]/).filter((one) => one !== '');
}

function directoryOf(dest: string | undefined, text: string): string {
  if (dest === undefined) throw usage(text, 'it needs a directory', `write -o ${text},dest=DIRECTORY`);
  if (dest === '-') throw usage(text, 'a directory cannot be written to stdout', 'type=tar can');
  return dest;
}

function usage(text: string, problem: string, hint?: string): ImageError {
  return new ImageError('USAGE', `-o ${text}: ${problem}`, hint === undefined ? {} : { hint });
}
