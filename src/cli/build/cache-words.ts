/** `--cache-from` and `--cache-to`, as docker buildx writes them. @module */
import { resolve } from 'node:path';
import { isDigest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { splitRow } from '../../formats/dockerfile/mount.ts';
import { type LayerForm, parseLayerForm } from '../../formats/layer/form.ts';
import { type LayoutReference, parseReference, type Reference } from '../../formats/reference/parse.ts';
import type { CacheSource, CacheTarget } from '../../operations/build/cache/options.ts';

/** Of a layout, where none is given; docker's too. */
const TAG = 'latest';
const ELSEWHERE =
  'pare keeps what steps came to in directories (type=local), in registries (type=registry) and in images (type=inline)';

/** One or, as references between commas, several. @throws ImageError USAGE */
export function cacheSources(text: string): readonly CacheSource[] {
  const fields = splitRow(text);
  if (fields.every((field) => !field.includes('='))) return fields.map((field) => inRegistry(field, field));
  const values = fieldsOf(fields, `--cache-from ${text}`, ['type', 'ref', 'src', 'tag', 'digest']);
  switch (values.get('type')) {
    case undefined:
    case 'registry':
      return [inRegistry(text, needed(values, 'ref', `--cache-from ${text}`))];
    case 'local':
      return [inDirectory(text, values)];
    case 'inline':
      throw usage(
        `--cache-from ${text}`,
        'what an image says of its steps is read from the image',
        'type=registry,ref=IMAGE',
      );
    default:
      throw usage(`--cache-from ${text}`, ELSEWHERE, 'type=registry,ref=NAME');
  }
}

/** A plain name is in a registry, as docker has it. */
function inRegistry(text: string, ref: string): CacheSource {
  return { text, places: [parseReference(isPlain(ref) ? `docker://${ref}` : ref)], digest: undefined };
}

const isPlain = (ref: string): boolean => parseReference(ref).kind === 'store';

function inDirectory(text: string, values: ReadonlyMap<string, string>): CacheSource {
  const path = needed(values, 'src', `--cache-from ${text}`);
  const [tag, digest] = [values.get('tag'), values.get('digest')];
  if (digest !== undefined && !isDigest(digest))
    throw usage(`--cache-from ${text}`, `"${digest}" is no digest`, 'digest=sha256:…');
  // Another tool may have copied it there without a name.
  const places: readonly Reference[] =
    tag === undefined ? [layout(path, TAG), layout(path, undefined)] : [layout(path, tag)];
  return { text, places, digest };
}

function layout(directory: string, name: string | undefined): LayoutReference {
  const path = resolve(directory);
  return {
    kind: 'oci',
    text: name === undefined ? `oci:${path}` : `oci:${path}:${name}`,
    path,
    name,
    index: undefined,
  };
}

const TARGET_FIELDS = [
  ...['type', 'ref', 'dest', 'tag', 'mode', 'mounts', 'ignore-error'],
  ...['compression', 'compression-level', 'force-compression', 'oci-mediatypes', 'image-manifest'],
];

/** @throws ImageError USAGE */
export function cacheTarget(text: string): CacheTarget {
  const option = `--cache-to ${text}`;
  const fields = splitRow(text);
  const isName = fields.length === 1 && !text.includes('=');
  const values = isName ? new Map([['ref', text]]) : fieldsOf(withMounts(fields), option, TARGET_FIELDS);
  refuseOther(values, option);
  const place = placeOf(values, option);
  const mode = values.get('mode') ?? 'min';
  if (mode !== 'min' && mode !== 'max') throw usage(option, `there is no mode "${mode}"`, 'mode=min or mode=max');
  const mounts = mountsOf(values.get('mounts'));
  const compression = compressionOf(values, option);
  if (place === undefined && (mode === 'max' || mounts === 'all' || mounts.length > 0 || compression !== undefined)) {
    throw usage(
      option,
      'an image holds its own layers and no others, as they are',
      'type=inline alone; or type=registry,ref=NAME',
    );
  }
  return { text, place, mode, compression, ignoreError: isTrue(values.get('ignore-error'), option), mounts };
}

function placeOf(values: ReadonlyMap<string, string>, option: string): CacheTarget['place'] {
  switch (values.get('type')) {
    case undefined:
    case 'registry': {
      const ref = needed(values, 'ref', option);
      const reference = parseReference(isPlain(ref) ? `docker://${ref}` : ref);
      if (reference.kind === 'docker' || reference.kind === 'oci') return reference;
      throw usage(option, `${ref} cannot hold it`, 'type=registry,ref=NAME or type=local,dest=DIRECTORY');
    }
    case 'local':
      return layout(needed(values, 'dest', option), values.get('tag') ?? TAG);
    case 'inline':
      return undefined;
    default:
      throw usage(option, ELSEWHERE, 'type=registry,ref=NAME');
  }
}

/** What docker can switch off, and what is always so here. */
function refuseOther(values: ReadonlyMap<string, string>, option: string): void {
  for (const name of ['oci-mediatypes', 'image-manifest']) {
    if (values.has(name) && !isTrue(values.get(name), option)) {
      throw usage(option, 'it is always an image manifest of the OCI', `${name}=true, or nothing of it`);
    }
  }
}

/** `mounts=a,b`: what follows without a `=` is one more of them. */
function withMounts(fields: readonly string[]): readonly string[] {
  const joined: string[] = [];
  for (const field of fields) {
    const last = joined.at(-1);
    if (!field.includes('=') && last?.startsWith('mounts=')) joined[joined.length - 1] = `${last},${field}`;
    else joined.push(field);
  }
  return joined;
}

function mountsOf(text: string | undefined): CacheTarget['mounts'] {
  if (text === 'true') return 'all';
  return text === undefined || text === 'false' ? [] : text.split(',');
}

function compressionOf(values: ReadonlyMap<string, string>, option: string): LayerForm | undefined {
  const name = values.get('compression');
  const level = values.get('compression-level');
  // Whatever is asked for is done to all layers, so that there is nothing left to force.
  const isForced = isTrue(values.get('force-compression'), option);
  if (name === undefined && level === undefined && !isForced) return undefined;
  const kind = name === 'uncompressed' ? 'none' : (name ?? 'gzip');
  if (kind === 'estargz') {
    throw usage(option, 'estargz adds to the bytes of a layer, which is then another one', 'compression=gzip or zstd');
  }
  return parseLayerForm(level === undefined ? kind : `${kind}:${level}`);
}

function isTrue(text: string | undefined, option: string): boolean {
  if (text === undefined || ['false', '0'].includes(text)) return false;
  if (['true', '1', ''].includes(text)) return true;
  throw usage(option, `"${text}" is neither true nor false`, 'true or false');
}

function fieldsOf(fields: readonly string[], option: string, known: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    fields.map((field) => {
      const cut = field.indexOf('=');
      const name = cut < 0 ? field : field.slice(0, cut);
      if (!known.includes(name)) throw usage(option, `it has no "${name}"`, known.join(', '));
      return [name, cut < 0 ? '' : field.slice(cut + 1)] as const;
    }),
  );
}

function needed(values: ReadonlyMap<string, string>, name: string, option: string): string {
  const value = values.get(name);
  if (value !== undefined && value !== '') return value;
  throw usage(option, `it needs ${name}=`, `${name}=…`);
}

function usage(option: string, why: string, write: string): ImageError {
  return new ImageError('USAGE', `${option}: ${why}`, { hint: `write ${write}` });
}
