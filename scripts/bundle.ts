/**
 * The command line as a bundle. What nearly every verb needs is one file, since Node.js takes a millisecond for each that it loads;
 * each verb, and what few verbs need, is a file of its own, loaded when it is used.
 * @module
 */
import { type Plugin, rolldown } from 'rolldown';

/** A module that so many of the dynamically imported ones need goes into the common file. */
const COMMON = 20;

/** What `--version` and `--help` need, which load nothing else. */
const START = /src\/version\.ts$|^\0node:fs$|^\0rolldown/;

export async function bundle(entry: string, dir: string): Promise<void> {
  const build = await rolldown({
    input: entry,
    platform: 'node',
    // It finds its compiled part beside its own files.
    external: ['koffi'],
    plugins: [builtins, httpClient],
    checks: { ineffectiveDynamicImport: false },
    onwarn: (warning) => {
      throw new Error(warning.message);
    },
  });
  await build.write({
    dir,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    comments: false,
    minify: { mangle: false, compress: true, codegen: { removeWhitespace: false } },
    codeSplitting: {
      groups: [
        { name: 'start', test: START, priority: 1 },
        { name: 'common', minShareCount: COMMON },
      ],
    },
  });
  await build.close();
}

/**
 * Node.js's own modules, each when something of it is used for the first time. An import would load all that the module has to
 * offer, used or not: 5 ms for node:crypto, 4 ms for node:child_process.
 */
const builtins: Plugin = {
  name: 'builtins',
  resolveId: { filter: { id: /^node:/ }, handler: (id) => ({ id: `\0${id}`, moduleSideEffects: false }) },
  load: {
    filter: { id: /^\0node:/ },
    handler: (id) => whenUsed(id.slice(1)),
  },
};

function whenUsed(id: string): string {
  const call = `process.getBuiltinModule(${JSON.stringify(id)})`;
  const module: unknown = process.getBuiltinModule(id);
  // One that is a class is there to be inherited from.
  if (typeof module !== 'object' || module === null) return `module.exports = ${call};`;
  const names = Object.keys(module).filter((name) => name !== 'default');
  const properties = names.map((name) => `get ${JSON.stringify(name)}() { return get()[${JSON.stringify(name)}]; }`);
  return `let module_; const get = () => (module_ ??= ${call});\nmodule.exports = { ${properties.join(', ')} };`;
}

/** What is used of undici: all of it takes 75 ms to load. */
const UNDICI = `
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import request from 'undici/lib/api/api-request.js';
Dispatcher.prototype.request = request;
export { default as Agent } from 'undici/lib/dispatcher/agent.js';
export { default as ProxyAgent } from 'undici/lib/dispatcher/proxy-agent.js';
`;

/** Of what is imported at the top of a file; whoever imports undici when it is needed gets all of it. */
const httpClient: Plugin = {
  name: 'http-client',
  resolveId: {
    filter: { id: /^undici$/ },
    handler: (id, _, { kind }) => (kind === 'dynamic-import' ? { id, external: true } : 'pare:undici'),
  },
  load: { filter: { id: /^pare:undici$/ }, handler: () => UNDICI },
};
