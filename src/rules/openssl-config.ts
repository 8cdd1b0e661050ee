/** What OpenSSL's configuration file loads: config(5). @module */
import { dirname, joinPath } from '../base/path.ts';
import type { Facts } from './rule.ts';

export interface OpensslConfig {
  /** Files that `.include` names, of a directory its `.cnf` and `.conf` files; in order. */
  readonly included: readonly string[];
  /** Activated providers; `module` where the section names the file. */
  readonly providers: readonly { readonly name: string; readonly module: string | undefined }[];
  /** Engines; `path` where the section has a dynamic_path. */
  readonly engines: readonly { readonly name: string; readonly path: string | undefined }[];
}

type Sections = Map<string, Map<string, string>>;

const MAX_DEPTH = 8;

export async function parseOpensslConfig(path: string, facts: Facts): Promise<OpensslConfig> {
  const sections: Sections = new Map([['default', new Map()]]);
  const included: string[] = [];
  await readInto({ sections, included, facts }, { path, section: 'default', depth: 0 });
  const first = entries(sections, sections.get('default')?.get('openssl_conf'));
  return {
    included,
    providers: entriesOf(sections, first, 'providers').flatMap(([key, section]) => activated(sections, key, section)),
    engines: entriesOf(sections, first, 'engines').map(([key, section]) => {
      const at = entries(sections, section);
      return { name: at.get('engine_id') ?? bareKey(key), path: at.get('dynamic_path') };
    }),
  };
}

interface Reading {
  readonly sections: Sections;
  readonly included: string[];
  readonly facts: Facts;
}

/** Reads one file; `.include` goes on in the section that stands open. Returns the section that is open at its end. */
async function readInto(
  reading: Reading,
  { path, section, depth }: { readonly path: string; readonly section: string; readonly depth: number },
): Promise<string> {
  let open = section;
  for (const line of logicalLines((await reading.facts.text(path)) ?? '')) {
    const include = /^\.include\s*=?\s*(\S.*)$/.exec(line)?.[1];
    const header = /^\[([^\]]*)\]/.exec(line)?.[1]?.trim();
    const pair = /^([^=\s]+)\s*=\s*(.*)$/.exec(line);
    if (include !== undefined) {
      for (const file of await includedFiles(joinPath(dirname(path), include), reading.facts)) {
        if (depth >= MAX_DEPTH || reading.included.includes(file)) continue;
        reading.included.push(file);
        open = await readInto(reading, { path: file, section: open, depth: depth + 1 });
      }
    } else if (header !== undefined) {
      open = header;
      if (!reading.sections.has(open)) reading.sections.set(open, new Map());
    } else if (pair?.[1] !== undefined) reading.sections.get(open)?.set(pair[1], unquoted(pair[2] ?? ''));
  }
  return open;
}

/** Comments and blank lines dropped; a backslash at the end joins the next line. */
function logicalLines(text: string): string[] {
  return text
    .replace(/\\\r?\n/g, '')
    .split('\n')
    .map((line) => line.replace(/(?:^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

function unquoted(value: string): string {
  return value.replace(/^(["'])(.*)\1$/, '$2').trim();
}

async function includedFiles(path: string, facts: Facts): Promise<string[]> {
  const found = await facts.files.resolve(path);
  if (found.kind !== 'found') return [];
  if (found.node.kind !== 'dir') return [path];
  const names = (await facts.files.list(found.path)) ?? [];
  return names.filter((name) => /\.(?:cnf|conf)$/.test(name)).map((name) => `${path}/${name}`);
}

function entries(sections: Sections, name: string | undefined): ReadonlyMap<string, string> {
  return (name === undefined ? undefined : sections.get(name)) ?? new Map();
}

function entriesOf(sections: Sections, from: ReadonlyMap<string, string>, key: string): [string, string][] {
  return [...entries(sections, from.get(key))];
}

function activated(sections: Sections, key: string, section: string) {
  const at = entries(sections, section);
  if (!/^(?:1|yes|true|on)$/i.test(at.get('activate') ?? '')) return [];
  return [{ name: at.get('identity') ?? bareKey(key), module: at.get('module') }];
}

/** `2.legacy` is `legacy`: a key may carry a prefix so that it can be given twice. */
function bareKey(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1);
}
