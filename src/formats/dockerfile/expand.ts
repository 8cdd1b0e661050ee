/**
 * Words of a Dockerfile: quotes, escapes, `$NAME` and every `${…}`, after the section "Environment replacement" of the
 * Dockerfile reference and XCU 2.6.2. Nothing is executed and no file is looked at.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { replaceMatches, type Steps, trimEnd, trimStart } from './patterns.ts';
import type { Escape } from './types.ts';

/** A variable's value; undefined where it is not set. */
export type Environment = (name: string) => string | undefined;

export interface ExpandOptions {
  /** `\` by default. */
  readonly escape?: Escape;
  /** `remove` by default; `keep` leaves them in the result, `ignore` takes them as any other character (heredocs). */
  readonly quotes?: 'remove' | 'keep' | 'ignore';
  /** Escape characters stay in the result. */
  readonly keepEscapes?: boolean;
  /** `$NAME` of a variable that is not set stays as it is. */
  readonly keepUnset?: boolean;
  /** Told of every variable that was looked for; `optional` where the form itself says what happens if it is not set. */
  readonly seen?: (name: string, value: string | undefined, optional: boolean) => void;
}

/** Deeper `${a:-${b:-…}}` is refused. */
const DEEPEST = 200;
/** Characters compared for the patterns of one word. */
const MOST_STEPS = 10_000_000;
/** UTF-16 units a word may grow to: `ENV A=$A$A` over and over is a bomb. */
const LONGEST = 16 * 1024 * 1024;

/**
 * The word's value, one string whatever spaces it holds.
 * @throws ImageError INVALID where quotes or braces are not closed, a form does not exist, or `${NAME?}` finds nothing; LIMIT
 */
export function expandWord(word: string, env: Environment, options: ExpandOptions = {}): string {
  return new Expansion(word, env, options).run().text;
}

/** The same, split at the spaces that are not quoted, those of variables' values included. */
export function expandWords(word: string, env: Environment, options: ExpandOptions = {}): string[] {
  return new Expansion(word, env, options).run().words;
}

/** Text and words grow side by side. */
class Collector {
  text = '';
  readonly words: string[] = [];
  #word = '';

  /** White space in it ends a word. */
  add(text: string): void {
    this.#grow(text);
    if (!/[\s\u0085]/.test(text)) {
      this.#word += text;
      return;
    }
    const parts = text.split(/[\s\u0085]+/);
    for (const [i, part] of parts.entries()) {
      if (i > 0) this.end();
      this.#word += part;
    }
  }

  addQuoted(text: string): void {
    this.#grow(text);
    this.#word += text;
  }

  end(): void {
    if (this.#word !== '') this.words.push(this.#word);
    this.#word = '';
  }

  #grow(text: string): void {
    if (this.text.length + text.length > LONGEST) throw new ImageError('LIMIT', 'a word grows beyond all bounds');
    this.text += text;
  }
}

/** One word being expanded: a place in it that moves on. */
class Expansion {
  readonly #word: string;
  readonly #env: Environment;
  readonly #options: ExpandOptions;
  readonly #escape: Escape;
  readonly #steps: Steps = { left: MOST_STEPS };
  #at = 0;
  #depth = 0;
  #keepEscapes: boolean;

  constructor(word: string, env: Environment, options: ExpandOptions) {
    this.#word = word;
    this.#env = env;
    this.#options = options;
    this.#escape = options.escape ?? '\\';
    this.#keepEscapes = options.keepEscapes ?? false;
  }

  run(): Collector {
    return this.#until(undefined);
  }

  /** Up to the character, which is passed over, or to the end. */
  #until(stop: string | undefined): Collector {
    const out = new Collector();
    const quotes = this.#options.quotes !== 'ignore';
    for (let char = this.#peek(); char !== undefined; char = this.#peek()) {
      if (char === stop) {
        this.#at++;
        out.end();
        return out;
      }
      if (char === '$') out.add(this.#dollar());
      else if (char === "'" && quotes) out.addQuoted(this.#singleQuoted());
      else if (char === '"' && quotes) out.addQuoted(this.#doubleQuoted());
      else if (char === this.#escape) this.#escaped(out);
      else out.add(this.#plain(stop));
    }
    if (stop !== undefined) throw this.#invalid(`it has no "${stop}" at the end of \${…}`);
    out.end();
    return out;
  }

  /** Characters that mean nothing. */
  #plain(stop: string | undefined): string {
    const start = this.#at++;
    for (let char = this.#peek(); char !== undefined && !'$\'"\\`'.includes(char) && char !== stop; ) {
      this.#at++;
      char = this.#peek();
    }
    return this.#word.slice(start, this.#at);
  }

  #escaped(out: Collector): void {
    if (this.#keepEscapes) out.addQuoted(this.#escape);
    this.#at++;
    const char = this.#next();
    if (char !== undefined) out.addQuoted(char);
  }

  #singleQuoted(): string {
    const end = this.#word.indexOf("'", this.#at + 1);
    if (end < 0) throw this.#invalid("it has a ' that is not closed");
    const keep = this.#options.quotes === 'keep' ? 0 : 1;
    const text = this.#word.slice(this.#at + keep, end + 1 - keep);
    this.#at = end + 1;
    return text;
  }

  #doubleQuoted(): string {
    const quote = this.#options.quotes === 'keep' ? '"' : '';
    this.#at++;
    let text = quote;
    for (let char = this.#peek(); char !== undefined; char = this.#peek()) {
      if (char === '"') {
        this.#at++;
        return text + quote;
      }
      text += char === '$' ? this.#dollar() : this.#inDoubleQuotes(char);
    }
    throw this.#invalid('it has a " that is not closed');
  }

  /** The escape character is one before `"`, `$` and itself only. */
  #inDoubleQuotes(char: string): string {
    this.#at++;
    if (char !== this.#escape) return char;
    const kept = this.#keepEscapes ? char : '';
    const next = this.#peek();
    if (next === undefined) return kept;
    if (next !== '"' && next !== '$' && next !== this.#escape) return kept + char;
    this.#at++;
    return kept + next;
  }

  #dollar(): string {
    this.#at++;
    if (this.#peek() === '{') return this.#braced();
    const name = this.#name();
    if (name === '') return '$';
    const value = this.#look(name);
    return value ?? (this.#options.keepUnset === true ? `$${name}` : '');
  }

  #braced(): string {
    const start = this.#at - 1;
    this.#at++;
    const name = this.#name();
    const operator = this.#next();
    if (name === '' || operator === undefined) throw this.#badForm(start);
    if (operator === '}') {
      const value = this.#look(name);
      return value ?? (this.#options.keepUnset === true ? `\${${name}}` : '');
    }
    if (++this.#depth > DEEPEST) throw this.#invalid('too many forms stand inside one another');
    const result = operator === '/' ? this.#replaced(name) : this.#operated(name, operator, start);
    this.#depth--;
    return result;
  }

  /** `:-` `-` `:+` `+` `:?` `?` `#` `##` `%` `%%`. */
  #operated(name: string, first: string, start: number): string {
    const orEmpty = first === ':';
    const operator = orEmpty ? this.#next() : first;
    if (operator === undefined || !'-+?#%'.includes(operator)) throw this.#badForm(start);
    const word = this.#inside('}', operator === '#' || operator === '%');
    const value = this.#look(name, '-+?'.includes(operator));
    if (value === undefined && this.#options.keepUnset === true) {
      return `\${${name}${orEmpty ? ':' : ''}${operator}${word}}`;
    }
    const isSet = value !== undefined && !(orEmpty && value === '');
    switch (operator) {
      case '-':
        return isSet ? value : word;
      case '+':
        return isSet ? word : '';
      case '?':
        if (isSet) return value;
        throw this.#missing(name, word, value);
      default:
        return trimmed(value ?? '', operator, word, this.#steps);
    }
  }

  /** `${name/pattern/replacement}`, `${name//pattern/replacement}`. */
  #replaced(name: string): string {
    const all = this.#peek() === '/';
    if (all) this.#at++;
    const pattern = this.#inside('/', true);
    const replacement = this.#inside('}', true);
    const value = this.#look(name);
    if (value === undefined && this.#options.keepUnset === true) return `\${${name}/${pattern}/${replacement}}`;
    return replaceMatches(value ?? '', pattern, replacement, all, this.#steps);
  }

  #inside(stop: string, keepEscapes: boolean): string {
    const before = this.#keepEscapes;
    this.#keepEscapes = keepEscapes;
    const { text } = this.#until(stop);
    this.#keepEscapes = before;
    return text;
  }

  /** Letters, digits and `_`; digits alone; or one special parameter. */
  #name(): string {
    const pattern = /\p{Nd}+|[@*#?$!-]|[\p{L}_][\p{L}\p{Nd}_]*/uy;
    pattern.lastIndex = this.#at;
    const name = pattern.exec(this.#word)?.[0] ?? '';
    this.#at += name.length;
    return name;
  }

  #look(name: string, optional = false): string | undefined {
    const value = this.#env(name);
    this.#options.seen?.(name, value, optional);
    return value;
  }

  #peek(): string | undefined {
    return this.#word[this.#at];
  }

  #next(): string | undefined {
    const code = this.#word.codePointAt(this.#at);
    if (code === undefined) return undefined;
    const char = String.fromCodePoint(code);
    this.#at += char.length;
    return char;
  }

  #missing(name: string, word: string, value: string | undefined): ImageError {
    const problem = word === '' ? `it must ${value === undefined ? 'be set' : 'not be empty'}` : word;
    return new ImageError('INVALID', `the variable ${name} is required: ${problem}`, {
      hint: `give it a value with ARG or ENV, or with --build-arg ${name}=VALUE`,
    });
  }

  #badForm(start: number): ImageError {
    if (this.#at >= this.#word.length) return this.#invalid('it has a { that is not closed');
    const form = this.#word.slice(start, Math.max(this.#at, start + 2));
    return this.#invalid(`"${form}" is no form of \${NAME}`, 'after the name may stand :- - :+ + :? ? # ## % %% / //');
  }

  #invalid(problem: string, hint?: string): ImageError {
    const shown = this.#word.length > 200 ? `${this.#word.slice(0, 200)}…` : this.#word;
    return new ImageError('INVALID', `cannot expand "${shown}": ${problem}`, hint === undefined ? {} : { hint });
  }
}

function trimmed(value: string, operator: string, word: string, steps: Steps): string {
  const longest = word.startsWith(operator);
  const pattern = longest ? word.slice(1) : word;
  return operator === '#' ? trimStart(value, pattern, longest, steps) : trimEnd(value, pattern, longest, steps);
}
