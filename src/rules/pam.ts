/** Pluggable authentication modules: pam.conf(5). The stacks of the services that a program starts, their modules and files. @module */
import type { Facts, Requirement, Rule, Subject } from './rule.ts';

/** The administrator's files count before the vendor's. */
const STACKS = ['/etc/pam.d', '/usr/lib/pam.d'];
const MAX_DEPTH = 16;

export const pam: Rule = {
  name: 'pam',
  summary: "PAM: the services' stacks, their modules, and the modules' own configuration",
  file: async (subject, facts) => {
    if (subject.elf === undefined) return [];
    if (/\/security\/pam_[^/]+\.so$/.test(subject.path)) return moduleFiles(subject, facts);
    const symbols = await facts.symbols(subject.path);
    const start = ['pam_start', 'pam_start_confdir'].find((name) => symbols.has(name));
    return start === undefined ? [] : services(start, subject, facts);
  },
};

/** The names of services are text in the program, or its own name; whatever has no stack of its own gets that of `other`. */
async function services(start: string, subject: Subject, facts: Facts): Promise<Requirement[]> {
  const known = new Set<string>();
  for (const dir of STACKS) for (const name of (await facts.files.list(dir)) ?? []) known.add(name);
  const texts = await facts.strings(subject.path);
  const own = subject.path.slice(subject.path.lastIndexOf('/') + 1);
  const named = [...new Set([...texts, own])].filter((text) => known.has(text) && text !== 'other').sort();
  const modules = await moduleDirectory(subject, facts);
  const all: Requirement[] = [];
  for (const name of [...named, 'other']) {
    const strength = name === 'other' && named.length > 0 ? 'recommended' : 'required';
    const stack: Stack = { because: `calls ${start} for the service ${name}`, modules, strength };
    all.push(...(await stackOf(name, stack, { facts, seen: new Set() })));
  }
  return all;
}

interface Stack {
  readonly because: string;
  readonly modules: string;
  readonly strength: 'required' | 'recommended';
}

/** Compiled into libpam; Debian's is a directory of its multiarch path. */
async function moduleDirectory({ loaded, path }: Subject, facts: Facts): Promise<string> {
  const library = loaded?.objects.find(({ name }) => /(?:^|\/)libpam\.so/.test(name))?.realPath ?? path;
  const dirs = (await facts.strings(library)).filter(
    (text) => /^\/\S*\/security\/?$/.test(text) && !text.startsWith('/etc'),
  );
  const [longest = '/lib/security'] = dirs.sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  return longest.replace(/\/$/, '');
}

interface Walk {
  readonly facts: Facts;
  readonly seen: Set<string>;
}

async function stackOf(name: string, stack: Stack, walk: Walk): Promise<Requirement[]> {
  if (walk.seen.has(name) || walk.seen.size > MAX_DEPTH) return [];
  walk.seen.add(name);
  const { because, strength } = stack;
  const files = name.startsWith('/') ? [name] : STACKS.map((dir) => `${dir}/${name}`);
  const all: Requirement[] = [
    { want: { kind: 'first', of: files.map((path) => ({ kind: 'path', path, use: 'data' })) }, strength, because },
  ];
  for (const file of files) {
    const text = await walk.facts.text(file);
    if (text === undefined) continue;
    for (const line of parseStack(text)) {
      if (line.kind === 'include') all.push(...(await stackOf(line.name, stack, walk)));
      else all.push(...moduleWants(line, stack));
    }
    break;
  }
  return all;
}

export type StackLine =
  | { readonly kind: 'include'; readonly name: string }
  | { readonly kind: 'module'; readonly name: string; readonly optional: boolean; readonly files: readonly string[] };

/** Lines of a file in /etc/pam.d: `type control module arguments`, `@include name`. */
export function parseStack(text: string): StackLine[] {
  const lines: StackLine[] = [];
  for (const line of text.replace(/\\\n/g, ' ').split('\n')) {
    const included = /^\s*@include\s+(\S+)/.exec(line)?.[1];
    if (included !== undefined) lines.push({ kind: 'include', name: included });
    const words = /^\s*(-?)(?:auth|account|password|session)\s+(\[[^\]]*\]|\S+)\s+(\S+)([^#]*)/.exec(line);
    const [, dash, control = '', name, rest = ''] = words ?? [];
    if (name === undefined) continue;
    if (control === 'include' || control === 'substack') lines.push({ kind: 'include', name });
    else {
      const files = rest.split(/\s+/).flatMap((word) => /^(?:\w+=)?(\/\S+)$/.exec(word)?.[1] ?? []);
      lines.push({ kind: 'module', name, optional: dash === '-' || control === 'optional', files });
    }
  }
  return lines;
}

function moduleWants({ name, optional, files }: Extract<StackLine, { kind: 'module' }>, stack: Stack): Requirement[] {
  const path = name.startsWith('/') ? name : `${stack.modules}/${name}`;
  const because = `${stack.because}, whose stack has ${name}`;
  const given = files.map((file): Requirement => {
    return { want: { kind: 'path', path: file, use: 'data' }, strength: 'recommended', because };
  });
  const want = { kind: 'path', path, use: 'module' } as const;
  if (optional) return [{ want, strength: 'suggested', because }, ...given];
  const unmet = {
    code: 'data-missing',
    message: `${because}: authentication fails without ${path}`,
    fix: `install the package of ${name} in the source, or take the module out of the stack`,
  } as const;
  return [{ want, strength: stack.strength, because, unmet }, ...given];
}

/** What a module opens or starts itself, as its strings say. Files of secrets are kept out by the list of what never goes in. */
async function moduleFiles({ path }: Subject, facts: Facts): Promise<Requirement[]> {
  const all: Requirement[] = [];
  for (const text of await facts.strings(path)) {
    const dir = /^(\/etc\/security\/[\w-]+\.d)(?:\/.*)?$/.exec(text)?.[1];
    const because = `names ${text}`;
    if (dir !== undefined)
      all.push({ want: { kind: 'tree', path: dir, use: 'data' }, strength: 'recommended', because });
    else if (/^\/etc\/(?:security\/[\w.-]+|environment|login\.defs|shells)$/.test(text)) {
      all.push({ want: { kind: 'path', path: text, use: 'data' }, strength: 'recommended', because });
    } else if (/^(?:\/usr)?\/s?bin\/[\w-]+$/.test(text)) {
      all.push({
        want: { kind: 'path', path: text, use: 'program' },
        strength: 'recommended',
        because: `starts ${text}`,
      });
    }
  }
  return all;
}
