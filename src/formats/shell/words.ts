/** Words of a shell script as far as their text is known without running it: XCU 2.6 Word Expansions. @module */
import type { DoubleQuotedChild, Word, WordPart } from 'unbash';

/** What a variable was seen to be set to; undefined stands for something that only running the script could tell. */
export type Variables = ReadonlyMap<string, ReadonlySet<string | undefined>>;

export interface Value {
  /** Every text the word may be; none where nothing is known. */
  readonly texts: readonly string[];
  /** Whether it is the one text of `texts` for sure. */
  readonly certain: boolean;
  /** Whether it stands for the script's own arguments: `"$@"`, `$1`. */
  readonly isArguments: boolean;
}

/** More possibilities than this say nothing. */
const MOST = 16;

const UNKNOWN: Value = { texts: [], certain: false, isArguments: false };

export function literal(text: string): Value {
  return { texts: [text], certain: true, isArguments: false };
}

export function expand(word: Word, variables: Variables): Value {
  if (word.parts === undefined) return literal(word.value);
  if (/^"?\$(?:[@*1]|\{[@*1][^}]*\})"?$/.test(word.text)) return { ...UNKNOWN, isArguments: true };
  return joined(word.parts, variables);
}

function joined(parts: readonly (WordPart | DoubleQuotedChild)[], variables: Variables): Value {
  let texts = [''];
  let certain = true;
  for (const part of parts) {
    const next = partValue(part, variables);
    certain &&= next.certain;
    texts = texts.flatMap((start) => next.texts.map((end) => start + end));
    if (texts.length === 0 || texts.length > MOST) return UNKNOWN;
  }
  return { texts, certain: certain && texts.length === 1, isArguments: false };
}

function partValue(part: WordPart | DoubleQuotedChild, variables: Variables): Value {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      return literal(part.value);
    case 'DoubleQuoted':
    case 'LocaleString':
      return joined(part.parts, variables);
    case 'SimpleExpansion':
      return variable(part.text.slice(1), variables);
    case 'ParameterExpansion': {
      if (part.prefix !== undefined || part.index !== undefined) return UNKNOWN;
      const known = variable(part.parameter, variables);
      if (part.operation === undefined) return known;
      if (part.operation.type !== 'Default' || /[?+]/.test(part.operation.operator)) return UNKNOWN;
      const fallback = expand(part.operation.operand, variables);
      const texts = [...new Set([...known.texts, ...fallback.texts])].filter((text) => text !== '');
      return { texts, certain: false, isArguments: false };
    }
    default:
      return UNKNOWN;
  }
}

function variable(name: string, variables: Variables): Value {
  const known = variables.get(name);
  if (known === undefined) return UNKNOWN;
  const texts = [...known].filter((text): text is string => text !== undefined && text !== '');
  return { texts, certain: known.size === 1 && texts.length === 1, isArguments: false };
}
