/** Words of `pare build`'s options, as docker writes them. @module */
import { isIP } from 'node:net';
import { ImageError } from '../../base/errors.ts';
import { splitRow } from '../../formats/dockerfile/mount.ts';
import { parseBytes } from '../../formats/dockerfile/sizes.ts';
import { didYouMean } from '../../formats/dockerfile/suggest.ts';
import type { BuildOptions, SecretSource } from '../../operations/build/options.ts';
import { pairs } from '../words.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** `NAME=value`; a name alone has its value of the environment, or is not given. @throws ImageError USAGE where there is no name */
export function buildArgs(texts: readonly string[], env: Env): ReadonlyMap<string, string> {
  const args = new Map<string, string>();
  for (const text of texts) {
    const cut = text.indexOf('=');
    if (cut === 0 || text === '') {
      const hint = 'write --build-arg NAME=VALUE; is a variable of the command line empty?';
      throw new ImageError('USAGE', `--build-arg ${text === '' ? '""' : text} has no name`, { hint });
    }
    const value = cut < 0 ? env[text] : text.slice(cut + 1);
    if (value !== undefined) args.set(cut < 0 ? text : text.slice(0, cut), value);
  }
  return args;
}

/** `NAME=VALUE`; a name alone has no value. */
export function labels(texts: readonly string[]): Readonly<Record<string, string>> {
  const nameless = texts.find((text) => text === '' || text.startsWith('='));
  if (nameless === undefined) return pairs(texts);
  throw new ImageError('USAGE', `--label ${nameless === '' ? '""' : nameless} has no name`, {
    hint: 'write --label NAME=VALUE',
  });
}

/** `NAME=VALUE`, both given. */
export function namedValues(texts: readonly string[], option: string): ReadonlyMap<string, string> {
  return new Map(
    texts.map((text) => {
      const cut = text.indexOf('=');
      if (cut > 0) return [text.slice(0, cut), text.slice(cut + 1)] as const;
      throw new ImageError('USAGE', `${option} ${text}: a name, = and a value are wanted`);
    }),
  );
}

/** `id=ID[,src=FILE|,env=NAME][,type=file|env]`. */
export function secrets(texts: readonly string[], env: Env): ReadonlyMap<string, SecretSource> {
  return new Map(texts.map((text) => secret(text, env)));
}

const SECRET_FIELDS = ['id', 'src', 'source', 'env', 'type'];

function secret(text: string, env: Env): readonly [string, SecretSource] {
  const fields = namedValues(splitRow(text), '--secret');
  const unknown = [...fields.keys()].find((key) => !SECRET_FIELDS.includes(key));
  if (unknown !== undefined) {
    throw new ImageError('USAGE', `--secret ${text}: there is no "${unknown}"`, {
      hint: `fields: ${SECRET_FIELDS.join(', ')}`,
    });
  }
  const path = fields.get('src') ?? fields.get('source');
  const id = fields.get('id') ?? path?.split('/').at(-1);
  if (id === undefined || id === '') {
    throw new ImageError('USAGE', `--secret ${text} has no id`, {
      hint: 'write --secret id=NAME,src=FILE or id=NAME,env=VARIABLE',
    });
  }
  const type = fields.get('type');
  if (type !== undefined && type !== 'env' && type !== 'file') {
    throw new ImageError('USAGE', `--secret ${text}: there is no type "${type}"`, { hint: 'types: file, env' });
  }
  if (type === 'env') return [id, { kind: 'env', name: fields.get('env') ?? path ?? id }];
  const name = fields.get('env') ?? (path === undefined && type !== 'file' && env[id] !== undefined ? id : undefined);
  return [id, name === undefined ? { kind: 'file', path: path ?? id } : { kind: 'env', name }];
}

/** `default`, `ID=SOCKET`, or `ID=KEY,KEY…`. @returns paths by id */
export function agents(texts: readonly string[], env: Env): ReadonlyMap<string, readonly string[]> {
  return new Map(
    texts.map((text) => {
      const cut = text.indexOf('=');
      const id = (cut < 0 ? text : text.slice(0, cut)) || 'default';
      const paths = (cut < 0 ? '' : text.slice(cut + 1)) || env['SSH_AUTH_SOCK'];
      if (paths) return [id, cut < 0 ? [paths] : paths.split(',')] as const;
      throw new ImageError('USAGE', `--ssh ${text}: there is no agent, since SSH_AUTH_SOCK is not set`, {
        hint: 'start one (eval "$(ssh-agent)"; ssh-add), or write --ssh ID=SOCKET',
      });
    }),
  );
}

/** Where the machine is found from a step, since a step has the machine's own network. */
const THIS_MACHINE = '127.0.0.1';

/** `NAME:ADDRESS` or `NAME=ADDRESS`. */
export function extraHost(text: string): BuildOptions['extraHosts'][number] {
  const [, name, address] = /^([^:=]+)[:=]\[?([^\]]+)\]?$/.exec(text) ?? [];
  if (name !== undefined && address === 'host-gateway') return { name, address: THIS_MACHINE };
  if (name !== undefined && address !== undefined && isIP(address) !== 0) return { name, address };
  throw new ImageError('USAGE', `--add-host ${text}: write NAME:ADDRESS, as in db:10.0.0.5 or db:host-gateway`);
}

/** Of getrlimit(2). */
const LIMITS = [
  'as',
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
];

/** `nofile=1024:2048` */
export function ulimit(text: string): BuildOptions['ulimits'][number] {
  const [, name, soft, hard] = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text) ?? [];
  if (name !== undefined && !LIMITS.includes(name)) {
    throw new ImageError('USAGE', `--ulimit ${text}: there is no limit "${name}"`, {
      hint: didYouMean(name, LIMITS) ?? `limits: ${LIMITS.join(', ')}`,
    });
  }
  if (name !== undefined) return { name, soft: Number(soft), hard: Number(hard ?? soft) };
  throw new ImageError('USAGE', `--ulimit ${text}: write NAME=SOFT[:HARD], as in nofile=1024:2048`);
}

export function shmSize(text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== undefined) return bytes;
  throw new ImageError('USAGE', `--shm-size ${text}: write a number of bytes, or one with k, m or g`);
}

const ENTITLEMENTS = ['network.host', 'security.insecure'] as const;

/** As buildx has them; that of networks changes nothing here. */
export function entitlement(text: string): (typeof ENTITLEMENTS)[number] {
  const found = ENTITLEMENTS.find((one) => one === text);
  if (found !== undefined) return found;
  throw new ImageError('USAGE', `--allow ${text}: there is nothing of that name to allow`, {
    hint: didYouMean(text, ENTITLEMENTS) ?? `it takes ${ENTITLEMENTS.join(', ')}`,
  });
}

/** Everything is the machine's network, or none. */
export function network(text: string): 'host' | 'none' {
  if (text === 'host' || text === 'default') return 'host';
  if (text === 'none') return 'none';
  throw new ImageError('USAGE', `--network ${text}: steps have the machine's network (host) or none`);
}
