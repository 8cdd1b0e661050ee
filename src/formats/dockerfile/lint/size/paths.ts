/** Paths that commands remove, change and make. @module */

import { ImageError } from '../../../../base/errors.ts';
import { compileGlob, isGlob } from '../../../../base/glob.ts';
import { isWithin } from '../../../../base/path.ts';
import type { SimpleCommand } from '../../../shell/simple.ts';
import { MANAGERS, managed } from './managers.ts';
import { once } from './once.ts';
import { pathOf, type RunStep, type SizeStep } from './stages.ts';

/** What `rm`, or `find … -delete`, takes away: paths, perhaps with wildcards. */
export const removedBy = once(({ commands, directory }: RunStep): readonly Removed[] =>
  commands.flatMap((command) => {
    const operands = operandsOfRemoval(command);
    return operands.flatMap((operand) => {
      const path = pathOf(operand, directory);
      return path === undefined ? [] : { command, path };
    });
  }),
);

interface Removed {
  readonly command: SimpleCommand;
  readonly path: string;
}

function operandsOfRemoval({ name, args }: SimpleCommand): readonly string[] {
  if (name === 'rm' || name === 'unlink') return args.filter((arg) => !arg.startsWith('-'));
  if (name !== 'find' || !args.some((arg) => arg === '-delete' || arg === 'rm')) return [];
  const [place] = args;
  // What it looks for may be anything below.
  return place === undefined || place.startsWith('-') ? [] : [place];
}

/** Whether removing `pattern` takes away what stands at the path: itself, what is above it, or all that is in it. */
export function covers(pattern: string, path: string): boolean {
  if (!isGlob(pattern)) return pattern !== '/' && isWithin(path, pattern);
  const whole = pattern.replace(/\/(?:\*|\{?\.?\[?[^/]*\*\}?)$/, (end) => (/^\/\*$/.test(end) ? '' : end));
  if (whole === '' || whole === '/') return false;
  if (!isGlob(whole)) return isWithin(path, whole);
  try {
    return compileGlob(whole)(path);
  } catch (error) {
    if (error instanceof ImageError) return false;
    throw error;
  }
}

/** The same of a place that is a directory, of which everything counts that is removed in it. */
export function empties(pattern: string, place: string): boolean {
  return covers(pattern, place) || isWithin(pattern, place);
}

/** What a step puts at paths that can be told: what COPY and ADD bring, and what well-known commands are told to make. */
export const madeBy = once((step: SizeStep): readonly string[] => {
  if (step.kind === 'copy') return step.made;
  return step.commands.flatMap((command) => filesOf(command).flatMap((file) => pathOf(file, step.directory) ?? []));
});

function filesOf({ name, args, writes }: SimpleCommand): readonly string[] {
  const files = writes.filter((one) => !one.startsWith('/dev/'));
  const after = (option: RegExp) => args.flatMap((arg, i) => (option.test(arg) ? (args[i + 1] ?? []) : []));
  const addresses = args.filter((arg) => /^(?:https?|ftp):\/\//.test(arg));
  const names = addresses.flatMap(
    (one) =>
      one
        .replace(/[?#].*$/, '')
        .split('/')
        .at(-1) || [],
  );
  if (name === 'curl') {
    const keepsName = args.some((arg) => /^-\w*O\w*$|^--remote-name(?:-all)?$/.test(arg));
    return [...files, ...after(/^-\w*o$|^--output$/), ...(keepsName ? names : [])];
  }
  if (name === 'wget') {
    const chosen = [...after(/^-\w*O$/), ...args.flatMap((arg) => /^--output-document=(.*)$/.exec(arg)?.[1] ?? [])];
    return [...files, ...(chosen.length > 0 ? chosen.filter((one) => one !== '-') : names)];
  }
  if (name === 'git' && args.includes('clone')) return gitTarget(args);
  return files;
}

function gitTarget(args: readonly string[]): readonly string[] {
  const operands = args.slice(args.indexOf('clone') + 1).filter((arg, i, all) => {
    return !arg.startsWith('-') && !/^(?:-b|--branch|--depth|-o|-c|-j)$/.test(all[i - 1] ?? '');
  });
  const [address = '', directory] = operands;
  const name = address
    .replace(/\/$/, '')
    .split('/')
    .at(-1)
    ?.replace(/\.git$/, '');
  return directory === undefined ? (name ? [name] : []) : [directory];
}

/** What package managers leave behind in a step, and where; nothing of what the same step takes away again. */
export const leftBy = once((step: RunStep): readonly Left[] => {
  const removed = removedBy(step);
  return step.commands.flatMap((raw, at) => {
    const command = managed(raw);
    const manager = MANAGERS.find(({ programs }) => programs.includes(command.name));
    if (manager === undefined || !manager.leaves(command.args)) return [];
    const later = step.commands.slice(at).map(managed);
    const isCleaned =
      later.some((one) => manager.programs.includes(one.name) && manager.cleans(one.args)) ||
      manager.places.some((place) => removed.some(({ path }) => empties(path, place))) ||
      manager.places.some((place) => step.mounted.some((path) => isWithin(place, path) || isWithin(path, place))) ||
      // The cache of a user whose home nobody knows.
      manager.places.some((place) => step.mounted.some((path) => isHomeOf(place, path))) ||
      manager.without.some((option) => command.args.some((arg) => arg === option || arg.startsWith(`${option}=`))) ||
      (manager.variables ?? []).some((name) => step.environment.has(name) || setsIn(step, name));
    return isCleaned ? [] : [{ manager, command: raw }];
  });
});

/** Its commands, whichever way a package manager is started. */
export const managedIn = once(({ commands }: RunStep): readonly SimpleCommand[] => commands.map(managed));

export interface Left {
  readonly manager: (typeof MANAGERS)[number];
  readonly command: SimpleCommand;
}

/** `/home/app/.cache` for `/root/.cache/pip`. */
function isHomeOf(place: string, path: string): boolean {
  if (!place.startsWith('/root/')) return false;
  const inHome = place.slice('/root'.length);
  return path.endsWith(inHome) || (inHome.startsWith('/.cache/') && path.endsWith('/.cache'));
}

/** `export NAME=…`, or `NAME=… command`, anywhere in the step. */
function setsIn({ instruction }: RunStep, name: string): boolean {
  return new RegExp(`(?:^|[\\s;&])${name}=`).test(instruction.source);
}
