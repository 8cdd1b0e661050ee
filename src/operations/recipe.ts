/** The options of pack as a user gives them, and what they mean. @module */
import { ImageError } from '../base/errors.ts';
import { cleanPath } from '../base/path.ts';
import type { LayerForm } from '../formats/layer/form.ts';
import type { Platform } from '../formats/oci/types.ts';
import type { PackRecipe } from '../model/evidence.ts';
import { formatPlatform } from '../model/platform.ts';
import { accountLine } from '../rules/closure/accounts.ts';
import type { Rule } from '../rules/rule.ts';
import { RULES } from '../rules/table.ts';
import { parseAddition } from '../transforms/pack/additions.ts';
import type { NewUser, PackRequest } from '../transforms/pack/types.ts';
import { stopSignal } from './stop-signal.ts';

/** What decides the content of a packed image. Everything but `programs` may be left out. */
export interface PackOptions {
  /** Paths in the source, or names looked up in its PATH. */
  readonly programs: readonly string[];
  /** The image's command. */
  readonly args?: readonly string[];
  /** Reference of the root the programs are taken from; default `host:`. */
  readonly from?: string;
  /** Reference of the image below; default `scratch`. */
  readonly base?: string;
  /** Directory the programs are put into. */
  readonly dest?: string;
  /** `PATH[:DEST]`, globs allowed. */
  readonly add?: readonly string[];
  /** Directory that added shared objects are put into. */
  readonly sodir?: string;
  /** Globs of paths that stay out. */
  readonly exclude?: readonly string[];
  /** Names of rules whose optional needs are met too. */
  readonly with?: readonly string[];
  /** Names of rules that are not asked. */
  readonly without?: readonly string[];
  readonly suggested?: boolean;
  /** CPU level whose glibc-hwcaps variants count; default `baseline`, `all` for every one. */
  readonly cpu?: string;
  /** `linux/arm64`; default the first program's. */
  readonly platform?: string;
  /** `NAME[:UID[:GID]]`. */
  readonly user?: string;
  /** `NAME=VALUE`. */
  readonly env?: readonly string[];
  readonly workdir?: string;
  readonly volumes?: readonly string[];
  /** `PORT[/tcp|/udp|/sctp]`. */
  readonly expose?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly stopSignal?: string;
  /** `busybox`, `dash` or `toybox`, and where it is: `KIND[=REF|PATH]`. */
  readonly shell?: string;
  /** How the layer is stored; default gzip. */
  readonly compression?: LayerForm;
  /** Seconds since the epoch (SOURCE_DATE_EPOCH). */
  readonly time?: number;
}

/**
 * @param passwd text of the source's passwd file, for users by name
 * @throws ImageError USAGE for what makes no sense by itself
 */
export function requestOf(
  options: PackOptions,
  passwd: string,
): Omit<PackRequest, 'source' | 'shell' | 'base' | 'platform'> {
  return {
    programs: options.programs.map(programName),
    args: options.args ?? [],
    rules: rulesWithout(options.without ?? []),
    forced: new Set((options.with ?? []).map((name) => ruleNamed(name).name)),
    dest: options.dest,
    add: (options.add ?? []).map(parseAddition),
    sodir: options.sodir,
    exclude: options.exclude ?? [],
    suggested: options.suggested ?? false,
    cpu: options.cpu ?? 'baseline',
    user: options.user === undefined ? undefined : userOf(options.user, passwd),
    env: (options.env ?? []).map(variable),
    workdir: options.workdir === undefined ? undefined : absolute('--workdir', options.workdir),
    volumes: (options.volumes ?? []).map((path) => absolute('--volume', path)),
    expose: (options.expose ?? []).map(port),
    labels: options.labels ?? {},
    entrypoint: options.entrypoint,
    cmd: options.cmd,
    stopSignal: options.stopSignal === undefined ? undefined : stopSignal(options.stopSignal),
    time: options.time,
  };
}

/** The options as evidence keeps them. */
export function recipeOf(options: PackOptions, platform: Platform, base: string | undefined): PackRecipe {
  const { from: _, base: __, programs, labels = {}, ...rest } = options;
  return {
    args: [],
    add: [],
    exclude: [],
    with: [],
    without: [],
    suggested: false,
    cpu: 'baseline',
    env: [],
    volumes: [],
    expose: [],
    ...rest,
    programs,
    labels,
    platform: formatPlatform(platform),
    ...(base === undefined ? {} : { base }),
  };
}

function ruleNamed(name: string): Rule {
  const rule = RULES.find((one) => one.name === name);
  if (rule !== undefined) return rule;
  throw new ImageError('USAGE', `there is no rule "${name}"`, {
    hint: `the rules are ${RULES.map((one) => one.name).join(', ')}`,
  });
}

function rulesWithout(names: readonly string[]): readonly Rule[] {
  const left = new Set(names.map(ruleNamed));
  return RULES.filter((rule) => !left.has(rule));
}

/** What numbers a new user gets where none are given: above those of distributions and of people. */
const DEFAULT_ID = 10_000;

function userOf(text: string, passwd: string): NewUser {
  const [, name, uid, gid] = /^([a-z_][a-z0-9_-]{0,31}|\d+)(?::(\d{1,10})(?::(\d{1,10}))?)?$/i.exec(text) ?? [];
  if (name === undefined) {
    throw new ImageError('USAGE', `"${text}" is not a user`, { hint: 'write --user NAME, NAME:UID or NAME:UID:GID' });
  }
  if (/^\d+$/.test(name)) return { name: 'user', uid: Number(name), gid: Number(uid ?? name) };
  const known = name === 'root' ? ['root', 'x', '0', '0'] : accountLine(passwd, name);
  const number = Number(uid ?? known?.[2] ?? DEFAULT_ID);
  return { name, uid: number, gid: Number(gid ?? (uid === undefined ? known?.[3] : undefined) ?? number) };
}

/** @throws ImageError USAGE for none, as a script with an unset variable gives it */
export function programName(text: string): string {
  if (text !== '') return text;
  throw new ImageError('USAGE', 'the name is empty: a program is wanted', {
    hint: 'give its path, or its name in PATH',
  });
}

/** A name alone would take the packer's own value into the image. */
export function variable(text: string): string {
  if (/^[^=\0]+=[^\0]*$/.test(text)) return text;
  const what = text.startsWith('=') ? 'the NAME is missing' : 'a value is missing';
  throw new ImageError('USAGE', `--env ${text}: ${what}`, {
    hint: 'write --env NAME=VALUE; the environment of pare itself never goes into an image',
  });
}

export function absolute(option: string, path: string): string {
  if (path.startsWith('/')) return cleanPath(path);
  throw new ImageError('USAGE', `${option} ${path}: the path has to be absolute`, { hint: `write ${option} /${path}` });
}

export function port(text: string): string {
  const [, number, protocol = 'tcp'] = /^(\d{1,5}(?:-\d{1,5})?)(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  if (number === undefined || !isPortRange(number)) {
    throw new ImageError('USAGE', `--expose ${text}: not a port`, {
      hint: 'write PORT, PORT/tcp or PORT/udp, with a PORT of 1–65535, or a range as 8000-8010',
    });
  }
  return `${number}/${protocol}`;
}

function isPortRange(text: string): boolean {
  const [first = 0, last = first] = text.split('-').map(Number);
  return first >= 1 && first <= last && last <= 65535;
}
