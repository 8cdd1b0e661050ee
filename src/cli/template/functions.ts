/** The functions that templates may call: Go's own, and those that Docker adds. @module */
import { templateError } from './lex.ts';
import { isList, isMap, isTrue, kindOf, Nothing, printed, type Value } from './values.ts';

type TemplateFunction = (args: readonly Value[]) => Value;

const compare =
  (name: string, holds: (order: number) => boolean): TemplateFunction =>
  ([left = null, right = null]) => {
    if (typeof left !== typeof right || (typeof left !== 'number' && typeof left !== 'string')) {
      throw templateError(`${name} wants two numbers or two strings, and got ${kindOf(left)} and ${kindOf(right)}`);
    }
    return holds(left < (right as typeof left) ? -1 : left > (right as typeof left) ? 1 : 0);
  };

/** Name → number of arguments (at least, at most) and what it does. */
const FUNCTIONS: Readonly<Record<string, readonly [number, number, TemplateFunction]>> = {
  json: [1, 1, ([value = null]) => JSON.stringify(value)],
  len: [1, 1, ([value = null]) => lengthOf(value)],
  index: [1, Number.POSITIVE_INFINITY, ([value = null, ...keys]) => keys.reduce(indexed, value)],
  slice: [1, 3, sliced],
  join: [2, 2, ([list = null, by]) => listOf(list, 'join').map(printed).join(text(by, 'join'))],
  split: [2, 2, ([value, by]) => text(value, 'split').split(text(by, 'split'))],
  lower: [1, 1, ([value]) => text(value, 'lower').toLowerCase()],
  upper: [1, 1, ([value]) => text(value, 'upper').toUpperCase()],
  title: [1, 1, ([value]) => text(value, 'title').replace(/\b[a-z]/g, (letter) => letter.toUpperCase())],
  truncate: [2, 2, ([value, length]) => text(value, 'truncate').slice(0, whole(length, 'truncate'))],
  print: [0, Number.POSITIVE_INFINITY, (args) => spaced(args)],
  println: [0, Number.POSITIVE_INFINITY, (args) => `${args.map(printed).join(' ')}\n`],
  printf: [1, Number.POSITIVE_INFINITY, ([format, ...args]) => formatted(text(format, 'printf'), args)],
  not: [1, 1, ([value = null]) => !isTrue(value)],
  and: [1, Number.POSITIVE_INFINITY, (args) => args.find((value) => !isTrue(value)) ?? args.at(-1) ?? null],
  or: [1, Number.POSITIVE_INFINITY, (args) => args.find(isTrue) ?? args.at(-1) ?? null],
  eq: [2, Number.POSITIVE_INFINITY, ([value, ...others]) => others.includes(value as Value)],
  ne: [2, 2, ([left, right]) => left !== right],
  lt: [2, 2, compare('lt', (order) => order < 0)],
  le: [2, 2, compare('le', (order) => order <= 0)],
  gt: [2, 2, compare('gt', (order) => order > 0)],
  ge: [2, 2, compare('ge', (order) => order >= 0)],
};

/** @throws ImageError USAGE where there is no such function or the arguments are not its */
export function callFunction(name: string, args: readonly Value[]): Value {
  const found = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (found === undefined) {
    throw templateError(`there is no function "${name}"; there are ${Object.keys(FUNCTIONS).sort().join(', ')}`);
  }
  const [least, most, call] = found;
  if (args.length < least || args.length > most) {
    throw templateError(
      `${name} got ${args.length} arguments and wants ${least === most ? least : `at least ${least}`}`,
    );
  }
  return call(args);
}

function lengthOf(value: Value): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (value instanceof Nothing) return 0;
  if (isList(value)) return value.length;
  if (isMap(value)) return Object.keys(value).length;
  throw templateError(`len of ${kindOf(value)}`);
}

/** A key that a map lacks gives its zero value, which here is the empty string. */
function indexed(value: Value, key: Value): Value {
  if (value instanceof Nothing) return '';
  if (isMap(value)) return (Object.hasOwn(value, String(key)) ? value[String(key)] : undefined) ?? '';
  const list = listOf(value, 'index');
  const at = whole(key, 'index');
  const found = list[at];
  if (found === undefined) throw templateError(`index ${at} is out of range: there are ${list.length}`);
  return found;
}

function sliced([value = null, from = 0, to]: readonly Value[]): Value {
  const length = lengthOf(value);
  const start = whole(from, 'slice');
  const end = to === undefined ? length : whole(to, 'slice');
  if (start > end || end > length) throw templateError(`slice ${start} to ${end} is out of range: there are ${length}`);
  return typeof value === 'string' ? value.slice(start, end) : listOf(value, 'slice').slice(start, end);
}

/** As fmt.Sprint: a space between two arguments of which none is a string. */
function spaced(args: readonly Value[]): string {
  return args.reduce<string>((out, arg, i) => {
    const between = i > 0 && typeof arg !== 'string' && typeof args[i - 1] !== 'string' ? ' ' : '';
    return out + between + printed(arg);
  }, '');
}

function formatted(format: string, args: readonly Value[]): string {
  let next = 0;
  return format.replace(/%(-?)(\d*)([a-zA-Z%])/g, (verb: string, minus: string, width: string, letter: string) => {
    if (letter === '%') return '%';
    if (!'svdq'.includes(letter)) throw templateError(`printf does not know ${verb}; it knows %s %v %d %q`);
    const arg = args[next++];
    if (arg === undefined) throw templateError(`printf has no argument for ${verb}`);
    const out = letter === 'q' ? JSON.stringify(printed(arg)) : printed(arg);
    return minus === '' ? out.padStart(Number(width)) : out.padEnd(Number(width));
  });
}

function text(value: Value | undefined, by: string): string {
  if (typeof value === 'string') return value;
  throw templateError(`${by} wants a string and got ${kindOf(value ?? null)}`);
}

function whole(value: Value | undefined, by: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw templateError(
    `${by} wants a whole number and got ${typeof value === 'number' ? value : kindOf(value ?? null)}`,
  );
}

function listOf(value: Value, by: string): readonly Value[] {
  if (value instanceof Nothing) return [];
  if (isList(value)) return value;
  throw templateError(`${by} wants a list and got ${kindOf(value)}`);
}
