/**
 * Modules that a Perl source file loads: `use`, `no` and `require` at the beginning of statements. Perl cannot be parsed
 * without being run (perlfaq), so text is looked at: what stands in documentation and behind `__END__` is left out.
 * @module
 */

export interface Loads {
  /** As file names below a directory of @INC: `List/Util.pm`. */
  readonly files: readonly string[];
  /** Directories below @INC out of which one file is chosen: `File/Spec` for `require "File/Spec/$module.pm"`. */
  readonly choices: readonly string[];
  /** Whether a module is loaded whose name is computed. */
  readonly dynamic: boolean;
  /** Where that is so: file names of all modules whose names stand in the text, loaded or not. */
  readonly named: readonly string[];
  /** Whether it loads a compiled part of its own (XSLoader, DynaLoader). */
  readonly compiled: boolean;
  /** Whether functions of it are loaded one by one from files (AutoLoader). */
  readonly autoloaded: boolean;
}

/** At the beginning of a statement or of a string, which may be evaluated. */
const STATEMENT = /(?:^|[;{}"']|\b(?:eval|do|and|or)\b|&&|\|\|)[ \t]*(use|no|require)[ \t]+(?=\S)/gm;

/** A statement is no longer than this. */
const LONGEST = 2000;

/** Modules whose arguments are modules to load. */
const LOADS_ARGUMENTS = new Set(['parent', 'base', 'aliased', 'superclass']);

export function findLoads(source: string): Loads {
  const text = code(source);
  const files = new Set<string>();
  const choices = new Set<string>();
  let dynamic = false;
  for (const found of text.matchAll(STATEMENT)) {
    const word = found[1];
    const start = found.index + found[0].length;
    const rest = text.slice(start, start + LONGEST).split(/[;}]/, 1)[0] ?? '';
    const module = /^([A-Za-z_]\w*(?:(?:::|')\w+)*)/.exec(rest)?.[1];
    const quoted = /^(["'])([\w./-]+)\1/.exec(rest)?.[2];
    if (module !== undefined && !/^v?\d/.test(rest)) {
      files.add(fileOf(module));
      if (LOADS_ARGUMENTS.has(module)) for (const name of namesIn(rest.slice(module.length))) files.add(fileOf(name));
    } else if (quoted !== undefined) files.add(quoted);
    else if (word === 'require' && /^["'(]?\(?["']?[\w/]*[$@]/.test(rest)) {
      const directory = /^\(?"([\w/]+)\/\$\w+\.p[ml]"/.exec(rest)?.[1];
      if (directory === undefined) dynamic = true;
      else choices.add(directory);
    }
  }
  return {
    files: [...files],
    choices: [...choices],
    dynamic,
    named: dynamic ? [...new Set((text.match(/(?<![\w:$@%&])[A-Z]\w*(?:::\w+)+/g) ?? []).map(fileOf))] : [],
    compiled: /\b(?:XSLoader|DynaLoader)\b|\bbootstrap\s+[A-Z]/.test(text),
    autoloaded: /\bAutoLoader\b/.test(text),
  };
}

/** Without documentation (perlpod), comments of whole lines, and what stands behind the end of the program. */
function code(source: string): string {
  const kept: string[] = [];
  let documentation = false;
  for (const line of source.split('\n')) {
    if (/^__(?:END|DATA)__/.test(line)) break;
    if (/^=[a-zA-Z]/.test(line)) documentation = !line.startsWith('=cut');
    else if (!documentation && !/^[ \t]*#/.test(line)) kept.push(line);
  }
  return kept.join('\n');
}

function fileOf(module: string): string {
  return `${module.replaceAll(/::|'/g, '/')}.pm`;
}

/** `-norequire, 'A::B', qw(C D)` → A::B, C, D */
function namesIn(text: string): string[] {
  return (text.match(/(?<![-\w:])[A-Za-z_]\w*(?:::\w+)*/g) ?? []).filter((name) => !['qw', 'q', 'qq'].includes(name));
}
