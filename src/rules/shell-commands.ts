/**
 * The commands that shell scripts call, and those that the image's config starts through a shell or another command.
 * Scripts are parsed; what they read in by `.` is read as well.
 * @module
 */
import { isWithin } from '../base/path.ts';
import { isShell } from '../formats/shell/builtins.ts';
import { type Called, type CalledCommand, calledCommands } from '../formats/shell/called.ts';
import { parseCommandLine, parseShellScript } from '../formats/shell/commands.ts';
import type { ShellScript } from '../formats/shell/script.ts';
import { startsOthers } from '../formats/shell/wrappers.ts';
import { readHashBang } from './closure/heads.ts';
import { findProgram } from './programs.ts';
import type { Facts, Requirement, Rule, Strength } from './rule.ts';
import { interpreterOf } from './scripts.ts';

/** Scripts that are read in by scripts: so many, and no deeper than each file once. */
const MOST_SOURCED = 64;
const LARGEST = 512 * 1024;
const HEAD = 256;

/** Where nothing of the source has a place: what a script expects there comes into being when it runs. */
const RUN_TIME = ['/dev', '/proc', '/sys', '/tmp', '/run', '/var/run', '/var/tmp'];

export const shellCommands: Rule = {
  name: 'shell-commands',
  summary: 'the commands that shell scripts call, and the files that they read in',
  file: async ({ path, use, hashBang }, facts) => {
    const interpreter = interpreterOf(hashBang);
    if (interpreter === undefined || use !== 'program' || !isShell(interpreter.name)) return [];
    const scripts = await readScripts(path, facts);
    return scripts === undefined ? [] : requirements(scripts, { who: path, verb: 'calls' });
  },
  image: async (facts) => [...(await fromCommand(facts)), ...(await fromHealthcheck(facts))],
};

interface Scripts {
  readonly called: Called;
  /** Files read in, in order. */
  readonly sourced: readonly { readonly path: string; readonly certain: boolean }[];
}

async function readScripts(path: string, facts: Facts): Promise<Scripts | undefined> {
  const text = await facts.text(path);
  if (text === undefined || text.length > LARGEST) return undefined;
  return withSourced(await parseShellScript(text, facts.env), facts);
}

async function withSourced(script: ShellScript, facts: Facts): Promise<Scripts> {
  const all = [script];
  const sourced = new Set<string>();
  const todo = [...script.sourced];
  for (let path = todo.shift(); path !== undefined && sourced.size < MOST_SOURCED; path = todo.shift()) {
    if (!path.startsWith('/') || sourced.has(path)) continue;
    sourced.add(path);
    const text = await facts.text(path);
    if (text === undefined || text.length > LARGEST) continue;
    const read = await parseShellScript(text, facts.env);
    all.push(read);
    todo.push(...read.sourced);
  }
  const tested = new Set(all.flatMap((one) => [...one.tested]));
  return { called: calledCommands(all), sourced: [...sourced].map((path) => ({ path, certain: !tested.has(path) })) };
}

interface Caller {
  /** A script's path, or "the image's HEALTHCHECK". */
  readonly who: string;
  readonly verb: string;
}

function requirements({ called, sourced }: Scripts, caller: Caller): Requirement[] {
  const { users, groups } = called;
  const accounts = [...users.map((name) => ['user', name] as const), ...groups.map((name) => ['group', name] as const)];
  return [
    ...called.commands.flatMap((command) => commandWant(command, caller)),
    ...sourced.flatMap(({ path, certain }) => sourcedWant(path, certain, caller)),
    ...accounts.map(([kind, name]): Requirement => {
      return {
        want: { kind, name },
        strength: 'recommended',
        because: `gives it to a command as the name of a ${kind}`,
      };
    }),
  ];
}

function commandWant({ name, certain }: CalledCommand, caller: Caller): Requirement[] {
  const isPath = name.includes('/');
  if (isPath && (!name.startsWith('/') || isRunTime(name, caller))) return [];
  const strength: Strength = certain ? 'recommended' : 'suggested';
  const want = isPath ? ({ kind: 'path', path: name, use: 'program' } as const) : ({ kind: 'program', name } as const);
  const because = certain ? `${caller.verb} ${name}` : `may call ${name}`;
  if (!certain) return [{ want, strength, because }];
  const unmet = {
    code: 'command-missing',
    message: `${caller.who} ${caller.verb} ${name}, which is not there`,
    fix: `add the command (--add ${isPath ? name : `"$(command -v ${name})"`}), or a shell that brings it along (--shell busybox)`,
  } as const;
  return [{ want, strength, because, unmet }];
}

function sourcedWant(path: string, certain: boolean, caller: Caller): Requirement[] {
  if (isRunTime(path, caller)) return [];
  const want = { kind: 'path', path, use: 'data' } as const;
  const because = `reads it in (. ${path})`;
  if (!certain) return [{ want, strength: 'recommended', because }];
  const unmet = {
    code: 'data-missing',
    message: `${caller.who} reads in ${path}, which is not there: the script ends there`,
    fix: `add it (--add ${path})`,
  } as const;
  return [{ want, strength: 'recommended', because, unmet }];
}

/** A script that lies there itself has its files beside it. */
function isRunTime(path: string, { who }: Caller): boolean {
  return RUN_TIME.some((dir) => isWithin(path, dir) && !isWithin(who, dir));
}

/** ENTRYPOINT and CMD: the first word is the config's own business, what it starts is told here. */
async function fromCommand(facts: Facts): Promise<Requirement[]> {
  const entrypoint = facts.config.Entrypoint ?? [];
  const command = facts.config.Cmd ?? [];
  const words = [...entrypoint, ...command];
  const own = await fromWords(words, "the image's command", facts);
  if (entrypoint.length === 0 || command.length === 0) return own;
  for (const name of await startedBy(words)) {
    if (!(await runsArguments(name, facts))) continue;
    const [first = ''] = command;
    if (first.startsWith('-')) break;
    const caller: Caller = { who: `${name}, which runs its arguments,`, verb: 'calls' };
    return [
      ...own,
      ...commandWant({ name: first, certain: true }, caller),
      ...(await fromWords(command, "the image's CMD", facts)),
    ];
  }
  return own;
}

/** The program itself, and those that it starts where it is one of the commands that start others. */
async function startedBy(words: readonly string[]): Promise<readonly string[]> {
  const [first = ''] = words;
  if (!startsOthers(first.replace(/^.*\//, ''))) return [first];
  return calledCommands([await parseCommandLine(words)]).commands.map(({ name }) => name);
}

async function fromHealthcheck(facts: Facts): Promise<Requirement[]> {
  const [form, ...words] = facts.config.Healthcheck?.Test ?? [];
  const who = "the image's HEALTHCHECK";
  if (form === 'CMD') return fromWords(words, who, facts);
  if (form !== 'CMD-SHELL' || words[0] === undefined) return [];
  const scripts = await withSourced(await parseShellScript(words[0], facts.env), facts);
  return requirements(scripts, { who, verb: 'calls' });
}

/** Nothing but a shell and the commands that start others have anything to be looked into. */
async function fromWords(words: readonly string[], who: string, facts: Facts): Promise<Requirement[]> {
  const name = (words[0] ?? '').replace(/^.*\//, '');
  if (!isShell(name) && !startsOthers(name)) return [];
  const scripts = await withSourced(await parseCommandLine(words), facts);
  const commands = scripts.called.commands.filter(({ name }) => name !== words[0]);
  return requirements({ ...scripts, called: { ...scripts.called, commands } }, { who, verb: 'calls' });
}

/** Whether the command is a shell script that starts what it is given: `exec "$@"`. */
async function runsArguments(name: string, facts: Facts): Promise<boolean> {
  const options = { path: facts.env['PATH'] ?? '', workdir: facts.config.WorkingDir };
  const found = await findProgram(facts.files, name, options);
  if (!found.found || found.node.content.size > LARGEST) return false;
  const hashBang = readHashBang(await facts.files.read(found.node, { offset: 0, size: HEAD }));
  const interpreter = interpreterOf(hashBang);
  if (interpreter === undefined || !isShell(interpreter.name)) return false;
  return (await readScripts(found.path, facts))?.called.runsArguments ?? false;
}
