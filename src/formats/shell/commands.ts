/**
 * The commands in a shell script: parsed, with functions, builtins, variables that are set once, and the commands that
 * stand among the arguments of others. What only running the script could tell is left out.
 * @module
 */
import type { Command, ParsedScript, SyntaxNode, Word } from 'unbash';
import { isBuiltin, isShell } from './builtins.ts';
import type { Scope, ShellScript } from './script.ts';
import { expand, literal, type Value, type Variables } from './words.ts';
import { unwrap, wrapperOf } from './wrappers.ts';

interface Analysis {
  readonly parse: (text: string) => ParsedScript;
  readonly forEachChild: (node: SyntaxNode, visit: (child: SyntaxNode) => void) => void;
  readonly scopes: Map<string, Scope>;
  readonly variables: Map<string, Set<string | undefined>>;
  readonly tested: Set<string>;
  isSound: boolean;
}

/** Texts within texts (`sh -c 'eval "…"'`) are followed this deep. */
const MAX_DEPTH = 4;

/** Nodes within nodes: no script of a person comes near. */
const MAX_LEVEL = 300;

/** A `$(` within another counts for more: it is parsed anew when it is looked at. */
const SCRIPT_LEVELS = 20;

/** @param variables of the environment that the script starts with */
export async function parseShellScript(
  text: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<ShellScript> {
  const { forEachChild, parse } = await import('unbash');
  const analysis = emptyAnalysis(parse, forEachChild, variables);
  readScript(analysis, text, scopeOf(analysis, ''), 0);
  return done(analysis);
}

/** The same of one command line that is not read by a shell: of `ENTRYPOINT ["nice", "-n", "5", "sh", "-c", "…"]`. */
export async function parseCommandLine(words: readonly string[]): Promise<ShellScript> {
  const { forEachChild, parse } = await import('unbash');
  const analysis = emptyAnalysis(parse, forEachChild, {});
  takeExternal(analysis, words.map(literal), scopeOf(analysis, ''), 0);
  return done(analysis);
}

function emptyAnalysis(
  parse: Analysis['parse'],
  forEachChild: Analysis['forEachChild'],
  variables: Readonly<Record<string, string>>,
): Analysis {
  const known = Object.entries(variables).map(([name, value]) => [name, new Set([value])] as const);
  return { parse, forEachChild, scopes: new Map(), variables: new Map(known), tested: new Set(), isSound: true };
}

function done({ scopes, tested, isSound }: Analysis): ShellScript {
  return {
    scopes,
    tested,
    isSound,
    sourced: [...new Set([...scopes.values()].flatMap(({ sourced }) => [...sourced]))].sort(),
  };
}

function scopeOf({ scopes }: Analysis, name: string): Scope {
  let scope = scopes.get(name);
  if (scope === undefined) {
    scope = { commands: new Map(), sourced: new Set(), users: new Set(), groups: new Set(), runsArguments: false };
    scopes.set(name, scope);
  }
  return scope;
}

/** Variables first, wherever they are set; then commands. */
function readScript(analysis: Analysis, text: string, scope: Scope, depth: number): void {
  if (depth > MAX_DEPTH) return;
  const script = analysis.parse(text);
  if (script.errors !== undefined && script.errors.length > 0) analysis.isSound = false;
  collectVariables(analysis, script, 0);
  visit(analysis, script, { scope, depth }, 0);
}

function collectVariables(analysis: Analysis, node: SyntaxNode, level: number): void {
  if (level > MAX_LEVEL) return;
  if (node.type === 'Assignment') {
    const value =
      node.value.type === 'Word' && node.append !== true && node.index === undefined ? node.value : undefined;
    assign(analysis, node.name, value === undefined ? [undefined] : textsOf(value, analysis.variables));
  } else if (node.type === 'For' || node.type === 'Select') {
    const words = node.wordlist ?? [];
    assign(analysis, node.name.value, [undefined, ...words.flatMap((word) => textsOf(word, analysis.variables))]);
  } else if (node.type === 'Command' && /^(?:read|getopts|mapfile|readarray)$/.test(node.name?.value ?? '')) {
    for (const word of node.args) if (word.type === 'Word') assign(analysis, word.value, [undefined]);
  }
  analysis.forEachChild(node, (child) => collectVariables(analysis, child, below(node, level)));
}

function textsOf(word: Word, variables: Variables): (string | undefined)[] {
  const { texts, certain } = expand(word, variables);
  return certain ? [...texts] : [undefined, ...texts];
}

function assign({ variables }: Analysis, name: string, values: readonly (string | undefined)[]): void {
  const known = variables.get(name) ?? new Set();
  for (const value of values) known.add(value);
  variables.set(name, known);
}

function below(node: SyntaxNode, level: number): number {
  return level + (node.type === 'Script' ? SCRIPT_LEVELS : 1);
}

interface Place {
  readonly scope: Scope;
  /** Of texts within texts. */
  readonly depth: number;
}

function visit(analysis: Analysis, node: SyntaxNode, place: Place, level: number): void {
  if (level > MAX_LEVEL) return;
  switch (node.type) {
    case 'Function':
      visit(analysis, node.body, { ...place, scope: scopeOf(analysis, node.name.value) }, below(node, level));
      return;
    case 'Command':
      takeCommand(analysis, node, place);
      break;
    case 'TestUnary':
      if (TESTS_FILE.test(node.operator)) test(analysis, expand(node.operand, analysis.variables));
      break;
    default:
  }
  analysis.forEachChild(node, (child) => visit(analysis, child, place, below(node, level)));
}

const TESTS_FILE = /^-[xefrs]$/;

function test({ tested }: Analysis, { texts }: Value): void {
  for (const text of texts) tested.add(text);
}

function takeCommand(analysis: Analysis, { name, args }: Command, { scope, depth }: Place): void {
  if (name === undefined) return;
  const values = [name, ...args].map((word) => {
    return word.type === 'Word' ? expand(word, analysis.variables) : literal(word.text);
  });
  takeWords(analysis, values, scope, depth);
}

/** One simple command, its words expanded: XCU 2.9.1. */
function takeWords(analysis: Analysis, words: readonly Value[], scope: Scope, depth: number): void {
  const [name, ...args] = words;
  if (name === undefined) return;
  if (name.isArguments) scope.runsArguments = true;
  const text = name.certain ? (name.texts[0] ?? '') : '';
  if (text === 'exec') takeExternal(analysis, afterOptions(args, 'a'), scope, depth);
  else if (text === 'command') takeLookedUp(analysis, args, scope, depth);
  else if (text === '.' || text === 'source') for (const path of args[0]?.texts ?? []) scope.sourced.add(path);
  else if (text === 'eval' || text === 'trap')
    takeText(analysis, text === 'eval' ? args : args.slice(0, 1), scope, depth);
  else if (text === 'type' || text === 'hash') for (const one of args) test(analysis, one);
  else if (text === '[' || text === 'test') takeTest(analysis, args);
  else if (!isBuiltin(text)) takeExternal(analysis, words, scope, depth);
}

function afterOptions(args: readonly Value[], withValue: string): readonly Value[] {
  const { command } = unwrap({ short: withValue }, args.map(known));
  return command === undefined ? [] : args.slice(command);
}

function known({ texts, certain }: Value): string | undefined {
  return certain ? texts[0] : undefined;
}

/** `command -v NAME` tests for it, `command NAME …` calls it even if a function has its name. */
function takeLookedUp(analysis: Analysis, args: readonly Value[], scope: Scope, depth: number): void {
  const options = args.filter((arg) => /^-[pvV]+$/.test(known(arg) ?? ''));
  const rest = args.slice(options.length);
  if (options.some((option) => /[vV]/.test(known(option) ?? ''))) for (const one of rest) test(analysis, one);
  else takeWords(analysis, rest, scope, depth);
}

function takeTest(analysis: Analysis, args: readonly Value[]): void {
  for (const [index, arg] of args.entries()) {
    const operand = args[index + 1];
    if (operand !== undefined && TESTS_FILE.test(known(arg) ?? '')) test(analysis, operand);
  }
}

function takeText(analysis: Analysis, args: readonly Value[], scope: Scope, depth: number): void {
  const texts = args.map(known);
  if (texts.length > 0 && !texts.includes(undefined)) readScript(analysis, texts.join(' '), scope, depth + 1);
}

/** A command that is a file, and those among its arguments. */
function takeExternal(analysis: Analysis, words: readonly Value[], scope: Scope, depth: number): void {
  const [name, ...args] = words;
  if (name === undefined) return;
  if (name.isArguments) scope.runsArguments = true;
  for (const text of name.texts) {
    if (!isCommandName(text)) continue;
    scope.commands.set(text, (scope.commands.get(text) ?? false) || name.certain);
    takeArguments(analysis, text.slice(text.lastIndexOf('/') + 1), args, { scope, depth });
  }
}

/** A name that a file could have, and nothing that a failed expansion left behind. */
function isCommandName(text: string): boolean {
  return /^[\w./+@%:,~-]+$/.test(text) && !/^[-:,]|\/$|^\.+$|^~/.test(text);
}

function takeArguments(analysis: Analysis, name: string, args: readonly Value[], place: Place): void {
  const { scope, depth } = place;
  if (name === 'which') for (const one of args) test(analysis, one);
  if (name === 'find') takeFind(analysis, args, place);
  if (name === 'chown' || name === 'chgrp') takeOwner(name, args.map(known), scope);
  if (isShell(name)) takeShell(analysis, args, place);
  if (name === 'busybox') takeArguments(analysis, known(args[0] ?? literal('')) ?? '', args.slice(1), place);
  const wrapper = wrapperOf(name);
  if (wrapper === undefined) return;
  const { command, user, script } = unwrap(wrapper, args.map(known));
  if (user !== undefined) takeUser(user, scope);
  if (script !== undefined) readScript(analysis, script, scope, depth + 1);
  else if (command !== undefined) takeExternal(analysis, args.slice(command), scope, depth);
}

/** `USER`, `USER:GROUP`, `:GROUP`; numbers need no name. */
function takeUser(text: string, { users, groups }: Scope): void {
  const [user = '', group = ''] = text.split(/[:.]/);
  if (/^[A-Za-z_][\w-]*\$?$/.test(user)) users.add(user);
  if (/^[A-Za-z_][\w-]*\$?$/.test(group)) groups.add(group);
}

function takeOwner(name: string, args: readonly (string | undefined)[], scope: Scope): void {
  const operand = args.find((arg) => arg !== undefined && !arg.startsWith('-'));
  if (operand !== undefined) takeUser(name === 'chgrp' ? `:${operand}` : operand, scope);
}

/** `find … -exec COMMAND … ;` */
function takeFind(analysis: Analysis, args: readonly Value[], { scope, depth }: Place): void {
  for (const [index, arg] of args.entries()) {
    if (!/^-(?:exec|execdir|ok|okdir)$/.test(known(arg) ?? '')) continue;
    const end = args.findIndex((one, at) => at > index && /^[;+]$/.test(known(one) ?? ''));
    takeExternal(analysis, args.slice(index + 1, end < 0 ? undefined : end), scope, depth);
  }
}

/** `sh -c TEXT` is read here; `sh FILE` runs a script, which is a command like any other. */
function takeShell(analysis: Analysis, args: readonly Value[], { scope, depth }: Place): void {
  const first = args.findIndex((arg) => !/^[-+]/.test(known(arg) ?? ''));
  const operand = args[first];
  if (operand === undefined) return;
  const isText = args.slice(0, first).some((arg) => /^-[a-z]*c[a-z]*$/.test(known(arg) ?? ''));
  if (isText) takeText(analysis, [operand], scope, depth);
  else
    for (const path of operand.texts)
      if (path.includes('/')) takeExternal(analysis, [{ ...operand, texts: [path] }], scope, depth);
}
