/** Where a build goes: docker's own forms of `--output`, and references. @module */
import { resolve } from 'node:path';
import { ImageError } from '../../base/errors.ts';

export interface Wanted {
  readonly output: readonly string[];
  readonly tag: readonly string[];
  readonly load: boolean;
  readonly push: boolean;
  /** What it is called where the user gives it no name. */
  readonly fallback: string;
}

/** References, in the order given; none for `type=cacheonly` alone. */
export function placesOf({ output, tag, load, push, fallback }: Wanted): readonly string[] {
  const written = output.flatMap((text) => placeOf(text, tag));
  const daemon = load ? named(tag, '--load').map((name) => `docker-daemon:${name}`) : [];
  const registry = push ? named(tag, '--push').map((name) => `docker://${name}`) : [];
  const places = [...written, ...daemon, ...registry];
  if (load || push) return places;
  return output.length > 0 ? [...places, ...tag] : tag.length > 0 ? tag : [fallback];
}

function named(tag: readonly string[], option: string): readonly string[] {
  if (tag.length > 0) return tag;
  throw new ImageError('USAGE', `${option} needs a name`, { hint: 'add -t NAME' });
}

const TRANSPORT = /^(?:docker|docker-daemon|oci|oci-archive|docker-archive|rootfs|tar):/;

/** A bare word is a directory, `-` a tar on stdout, as docker has it; what has a transport is a reference. */
function placeOf(text: string, tag: readonly string[]): readonly string[] {
  if (text === '-') return ['tar:-'];
  if (TRANSPORT.test(text)) return [text];
  return /^type=|,type=/.test(text) ? typed(text, tag) : [`rootfs:${resolve(text)}`];
}

function typed(text: string, tag: readonly string[]): readonly string[] {
  const fields = new Map(
    text.split(',').map((field) => {
      const cut = field.indexOf('=');
      return cut < 0 ? ([field, ''] as const) : ([field.slice(0, cut), field.slice(cut + 1)] as const);
    }),
  );
  const dest = fields.get('dest') ?? fields.get('destination');
  const type = fields.get('type');
  switch (type) {
    case 'local':
      return [`rootfs:${resolve(required(dest, text))}`];
    case 'tar':
      return [`tar:${dest ?? '-'}`];
    case 'oci':
      return [`${fields.get('tar') === 'false' ? 'oci' : 'oci-archive'}:${dest ?? '-'}`];
    case 'docker':
      if (dest === undefined) return named(tag, '-o type=docker').map((name) => `docker-daemon:${name}`);
      return [`docker-archive:${dest}`];
    case 'registry':
      return namesIn(fields, tag, text).map((name) => `docker://${name}`);
    case 'image':
      return namesIn(fields, tag, text).map((name) => (fields.get('push') === 'true' ? `docker://${name}` : name));
    case 'cacheonly':
      return [];
    default:
      throw new ImageError('USAGE', `there is no output of the type "${type}"`, {
        hint: 'types: local, tar, oci, docker, image, registry, cacheonly; or write a reference',
      });
  }
}

function namesIn(fields: ReadonlyMap<string, string>, tag: readonly string[], text: string): readonly string[] {
  const name = fields.get('name');
  return name === undefined ? named(tag, `-o ${text}`) : name.split(' ');
}

function required(dest: string | undefined, text: string): string {
  if (dest !== undefined && dest !== '') return dest;
  throw new ImageError('USAGE', `-o ${text} needs dest=`, { hint: `write -o ${text},dest=DIRECTORY` });
}
