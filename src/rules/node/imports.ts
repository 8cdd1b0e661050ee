/**
 * What a JavaScript file imports: ES modules by a lexer, `require` of a plain string anywhere in the text. A word too many does
 * no harm, since only what is there can be kept.
 * @module
 */
import type { parse as Parse } from 'es-module-lexer';

export interface Imports {
  /** Specifiers as they stand: `./x.js`, `pkg/sub`, `node:fs`, `#internal`. Each once, in order. */
  readonly specifiers: readonly string[];
  /** Whether something is imported whose name is computed. */
  readonly dynamic: boolean;
}

/** `require('x')`, `require.resolve("x")`, `new Worker('./x.js')`, `new URL('./x', import.meta.url)`. */
const CALLS =
  /\b(?:require(?:\.resolve)?|new\s+Worker|new\s+URL|fork)\s*\(\s*(?:(["'`])((?:\.{0,2}\/)?[@\w][^"'`\n$]*|\.{1,2}\/?)\1|([A-Za-z_$\x60(]))/g;

export async function findImports(source: string): Promise<Imports> {
  const specifiers = new Set<string>();
  let dynamic = false;
  for (const one of await lexed(source)) {
    if (one.type === 'import-meta') continue;
    const plain = one.type !== 'dynamic' || !one.glob;
    if (plain && typeof one.specifier === 'string') specifiers.add(one.specifier);
    else dynamic = true;
  }
  for (const [call, , specifier, computed] of source.matchAll(CALLS)) {
    if (specifier !== undefined && (call.startsWith('require') || /^\.{1,2}\//.test(specifier)))
      specifiers.add(specifier);
    else if (computed !== undefined && call.startsWith('require')) dynamic = true;
  }
  return { specifiers: [...specifiers], dynamic };
}

/** Text that is no JavaScript as the lexer knows it has no import statements. */
async function lexed(source: string): Promise<ReturnType<typeof Parse>[0]> {
  if (!/\bimport\b|\bexport\b/.test(source)) return [];
  const { init, parse } = await import('es-module-lexer');
  await init();
  try {
    return parse(source)[0];
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('Parse error')) return [];
    throw error;
  }
}
