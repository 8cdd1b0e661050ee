/** `RUN --mount=type=…,key=value,…`: one row of comma-separated values. @module */
import { ImageError } from '../../base/errors.ts';
import { parseBoolean } from './directives.ts';
import { parseBytes } from './sizes.ts';
import { didYouMean } from './suggest.ts';
import type { Mount, MountField, MountFlag, Word } from './types.ts';

const TYPES = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'] as const;
const SHARING = ['shared', 'private', 'locked'] as const;
/** Other names of the same key. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['src', 'source'],
  ['dst', 'target'],
  ['destination', 'target'],
  ['ro', 'readonly'],
  ['rw', 'readwrite'],
]);
/** Key → the types of mount that take it. */
const KEYS: Readonly<Record<string, readonly Mount['type'][]>> = {
  type: TYPES,
  target: TYPES,
  source: ['bind', 'cache', 'secret'],
  from: ['bind', 'cache'],
  readonly: TYPES,
  readwrite: TYPES,
  id: TYPES,
  sharing: ['cache'],
  required: ['secret', 'ssh'],
  size: ['tmpfs'],
  env: ['secret'],
  mode: ['cache', 'secret', 'ssh'],
  uid: ['cache', 'secret', 'ssh'],
  gid: ['cache', 'secret', 'ssh'],
};

/** @throws ImageError INVALID; where no value holds a variable, all that {@link resolveMount} would refuse is refused here */
export function readMountFlag(word: Word): MountFlag {
  const fields = splitRow(word.text).map(readField);
  const from = fields.findLast(({ key }) => key === 'from')?.value;
  if (from !== undefined && /\$./.test(from)) {
    throw new ImageError('INVALID', 'from= of a mount cannot hold variables', {
      hint: 'give the image a stage of its own (FROM $NAME AS other), and write from=other',
    });
  }
  const mount: MountFlag = { word, fields, from };
  if (!word.text.includes('$')) resolveMount(mount, (value) => value);
  return mount;
}

/**
 * What the mount says once its variables have values.
 * @param expand the value of a word, as {@link expandWord} gives it
 * @throws ImageError INVALID for keys and values that the type of mount does not take
 */
export function resolveMount(mount: MountFlag, expand: (word: string) => string): Mount {
  const values = new Map<string, string | undefined>();
  for (const { key, value } of mount.fields) {
    // Of two that say the same the last one counts, be it under another name.
    const name = ALIASES.get(key) ?? key;
    values.delete(name);
    values.set(name, value === undefined || key === 'from' ? value : expand(value));
  }
  const type = readChoice(values.get('type') ?? 'bind', TYPES, 'type of mount');
  for (const [key, value] of values) checkKey(key, value, type);
  return build(type, new Fields(values, type));
}

function checkKey(key: string, value: string | undefined, type: Mount['type']): void {
  const types = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
  if (types === undefined) {
    const names = [...Object.keys(KEYS), ...ALIASES.keys()];
    throw invalid(`a mount has no key "${key}"`, didYouMean(key, names) ?? `keys: ${Object.keys(KEYS).join(', ')}`);
  }
  if (!types.includes(type))
    throw invalid(`a mount of type ${type} takes no ${key}`, `${key} is for ${types.join(', ')}`);
  if (value === undefined && !['readonly', 'readwrite', 'required'].includes(key)) {
    throw invalid(`the key ${key} of a mount needs a value`, `write ${key}=VALUE`);
  }
}

function build(type: Mount['type'], fields: Fields): Mount {
  const target = fields.text('target');
  switch (type) {
    case 'bind':
      return {
        type,
        target: fields.target(),
        source: fields.text('source') ?? '',
        from: fields.text('from'),
        writable: fields.writable(false),
      };
    case 'cache':
      return {
        type,
        target: fields.target(),
        id: fields.text('id') ?? target ?? '',
        source: fields.text('source') ?? '',
        from: fields.text('from'),
        writable: fields.writable(true),
        sharing: readChoice(fields.text('sharing') ?? 'shared', SHARING, 'way of sharing'),
        ...fields.owner(0o755),
      };
    case 'tmpfs':
      return { type, target: fields.target(), size: fields.size() };
    case 'secret':
      return buildSecret(fields);
    case 'ssh':
      return {
        type,
        id: fields.text('id') ?? 'default',
        target,
        required: fields.flag('required'),
        ...fields.owner(0o600),
      };
  }
}

/** The id is the target's last name where nothing else says it; without a variable the file is below /run/secrets. */
function buildSecret(fields: Fields): Mount {
  const [given, source, env] = [fields.text('id'), fields.text('source'), fields.text('env')];
  const target = fields.text('target');
  if (given !== undefined && source !== undefined) throw invalid('a secret takes id or source, not both');
  const id = given ?? source ?? target?.split('/').at(-1) ?? '';
  if (id === '') throw invalid('a secret needs an id', 'write --mount=type=secret,id=NAME');
  const file = target ?? (env === undefined ? `/run/secrets/${id.split('/').at(-1)}` : undefined);
  return { type: 'secret', id, target: file, env, required: fields.flag('required'), ...fields.owner(0o400) };
}

class Fields {
  readonly #values: ReadonlyMap<string, string | undefined>;
  readonly #type: string;

  constructor(values: ReadonlyMap<string, string | undefined>, type: string) {
    this.#values = values;
    this.#type = type;
  }

  /** Undefined for an empty value, too. */
  text(key: string): string | undefined {
    const value = this.#values.get(key);
    return value === '' ? undefined : value;
  }

  target(): string {
    const target = this.text('target');
    if (target === undefined) throw invalid(`a mount of type ${this.#type} needs a target`, 'write target=/PATH');
    return target;
  }

  flag(key: string): boolean {
    if (!this.#values.has(key)) return false;
    const value = this.#values.get(key);
    const parsed = value === undefined ? true : parseBoolean(value);
    if (parsed === undefined) throw invalid(`${key} of a mount is true or false, not "${value}"`);
    return parsed;
  }

  /** Of `readonly` and `readwrite` the one that stands last. */
  writable(byDefault: boolean): boolean {
    const said = [...this.#values.keys()].findLast((key) => key === 'readonly' || key === 'readwrite');
    if (said === undefined) return byDefault;
    return said === 'readwrite' ? this.flag(said) : !this.flag(said);
  }

  size(): number | undefined {
    const text = this.text('size');
    if (text === undefined) return undefined;
    const size = parseBytes(text);
    if (size === undefined) throw invalid(`"${text}" is no size`, 'write a number with b, k, m, g or t behind it');
    return size === 0 ? undefined : size;
  }

  owner(mode: number): { mode: number; uid: number; gid: number } {
    return {
      mode: this.#number('mode', 8) ?? mode,
      uid: this.#number('uid', 10) ?? 0,
      gid: this.#number('gid', 10) ?? 0,
    };
  }

  #number(key: string, base: 8 | 10): number | undefined {
    const text = this.#values.get(key);
    if (text === undefined) return undefined;
    const value = (base === 8 ? /^[0-7]+$/ : /^\d+$/).test(text) ? Number.parseInt(text, base) : Number.NaN;
    if (value <= 0xffffffff) return value;
    throw invalid(`${key} of a mount must be ${base === 8 ? 'an octal' : 'a'} number, not "${text}"`);
  }
}

function readChoice<T extends string>(text: string, choices: readonly T[], what: string): T {
  const found = choices.find((choice) => choice === text.toLowerCase());
  if (found !== undefined) return found;
  throw invalid(`"${text}" is no ${what}`, didYouMean(text, choices) ?? `there are ${choices.join(', ')}`);
}

function readField(field: string): MountField {
  const at = field.indexOf('=');
  const key = (at < 0 ? field : field.slice(0, at)).toLowerCase();
  return { key, value: at < 0 ? undefined : field.slice(at + 1) };
}

/** RFC 4180, one row: a field in double quotes may hold commas, and quotes twice. */
export function splitRow(row: string): string[] {
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (let more = true; more; ) {
    const match = field.exec(row);
    if (match === null) throw invalid(`the quotes of "${row}" do not fit`, 'a quoted field begins and ends with "');
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    more = match[3] === ',';
  }
  return fields;
}

function invalid(problem: string, hint?: string): ImageError {
  return new ImageError('INVALID', problem, hint === undefined ? {} : { hint });
}
