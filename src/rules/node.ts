/**
 * Node.js: built-in modules that a distribution ships as files of their own, and what a script imports. See
 * `docs/rules/node.md`.
 * @module
 */
import { dirname } from '../base/path.ts';
import { type Reached, reachFiles } from './node/graph.ts';
import { packageRoot } from './node/resolve.ts';
import type { Facts, Requirement, Rule, Subject } from './rule.ts';
import { carries, runsScriptOf } from './runtimes.ts';
import { interpreterOf } from './scripts.ts';

const LIBRARY = /^libnode\.so/;
const INTERPRETER = /^node(?:js)?$/;

/** In a package: documentation, declarations, sources of what is compiled, tests. */
const LEFT_OUT =
  /\.(?:md|markdown|map|d\.[cm]?ts|tsbuildinfo|c|cc|cpp|h|hpp|gyp|o|a)$|\/(?:tests?|__tests__|docs?|examples?|\.github)\//;

export const node: Rule = {
  name: 'node',
  summary: 'built-in modules of Node.js that are files of their own, and what its scripts import',
  file: async (subject, facts) => {
    if (subject.elf !== undefined) return builtInFiles(subject, facts);
    const interpreter = interpreterOf(subject.hashBang);
    if (subject.use !== 'program' || interpreter === undefined || !INTERPRETER.test(interpreter.name)) return [];
    return forScript(subject.path, facts);
  },
  image: async (facts) => {
    const entry = await runsScriptOf(INTERPRETER, facts);
    return entry?.interpreter === undefined ? [] : forScript(entry.script, facts);
  },
};

/** Distributions build Node.js with shared copies of some of its modules (`--shared-builtin-NAME-path`). */
async function builtInFiles(subject: Subject, facts: Facts): Promise<Requirement[]> {
  const isLibrary = LIBRARY.test(subject.elf?.dynamic?.soname ?? '');
  if (!isLibrary && subject.use !== 'program') return [];
  if (!(await carries('node', subject.path, facts))) return [];
  const all: Requirement[] = [];
  for (const path of await facts.strings(subject.path)) {
    if (!/^\/[\w./@+-]+\.(?:js|mjs|cjs|wasm)$/.test(path)) continue;
    if ((await facts.files.resolve(path)).kind === 'missing') continue;
    all.push({
      want: { kind: 'path', path, use: 'data' },
      strength: 'required',
      because: 'is built to read one of its own modules from there',
      unmet: {
        code: 'data-missing',
        message: `${subject.path} reads one of its built-in modules from ${path}, which is not there`,
        fix: `add it: --add ${path}`,
      },
    });
  }
  return all;
}

async function forScript(script: string, facts: Facts): Promise<Requirement[]> {
  const reached = await reachFiles(script, (name) => BUILT_IN.has(name), facts);
  return [...wants(reached), ...unresolved(reached, script), ...(await rest(reached, script, facts))];
}

/** Modules that can be imported without `node:`; later ones cannot. Node.js documentation, module.builtinModules. */
const BUILT_IN: ReadonlySet<string> = new Set([
  ...['assert', 'async_hooks', 'buffer', 'child_process', 'cluster', 'console', 'constants', 'crypto', 'dgram'],
  ...['diagnostics_channel', 'dns', 'domain', 'events', 'fs', 'http', 'http2', 'https', 'inspector', 'module', 'net'],
  ...['os', 'path', 'perf_hooks', 'process', 'punycode', 'querystring', 'readline', 'repl', 'stream', 'string_decoder'],
  ...['sys', 'timers', 'tls', 'trace_events', 'tty', 'url', 'util', 'v8', 'vm', 'wasi', 'worker_threads', 'zlib'],
]);

function wants({ files, packages }: Reached): Requirement[] {
  return [
    ...[...files].map(([path, from]): Requirement => {
      const use = path.endsWith('.node') ? 'module' : 'data';
      return { want: { kind: 'path', path, use }, strength: 'recommended', because: 'imports it', from };
    }),
    ...[...packages].map(([path, from]): Requirement => {
      const include = (file: string) => !LEFT_OUT.test(file.slice(path.length)) && !nested(file, path);
      const want = { kind: 'tree', path, include } as const;
      return { want, strength: 'recommended', because: 'needs this package', from };
    }),
  ];
}

/** Packages inside a package are asked for by themselves. */
function nested(file: string, path: string): boolean {
  return file.slice(path.length).includes('/node_modules/');
}

function unresolved(reached: Reached, script: string): Requirement[] {
  return reached.unresolved.map((specifier) => ({
    want: { kind: 'path', path: `${dirname(script)}/node_modules/${specifier.replace(/^[./]+/, '')}` },
    strength: 'recommended',
    because: `imports ${specifier}`,
    unmet: {
      code: 'data-missing',
      message: `${script} imports "${specifier}", and no such module is found`,
      fix: 'install the package that has it beside the script, or add the file (--add PATH)',
    },
  }));
}

/** Where names are computed, any file of the script's own package may be meant. */
async function rest({ dynamic }: Reached, script: string, facts: Facts): Promise<Requirement[]> {
  const root = dynamic.length === 0 ? undefined : await packageRoot(script, facts);
  if (root === undefined || root === '/') return [];
  const include = (file: string) => !LEFT_OUT.test(file.slice(root.length)) && !nested(file, root);
  const because = 'imports modules whose names are computed: any of its package may be meant';
  return [{ want: { kind: 'tree', path: root, include }, strength: 'suggested', because, from: dynamic[0] ?? script }];
}
