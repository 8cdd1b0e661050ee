/** The dynamic loader itself, and every object it loads: what ld.so(8) or musl's loader does before `main`. @module */
import type { FoundBy, LoadedObject } from '../loader/types.ts';
import type { Requirement, Rule, Strength, Subject } from './rule.ts';

export const loader: Rule = {
  name: 'loader',
  summary: 'the dynamic loader and the libraries it loads, by its own search rules',
  perProcess: true,
  file: async (subject) => {
    const { loaded } = subject;
    if (loaded === undefined || loaded.objects[0]?.realPath !== subject.path) return [];
    const objects = [...loaded.objects, ...loaded.variants, ...loaded.auditing].filter(
      ({ realPath }) => realPath !== subject.path,
    );
    return [
      ...objects.map((one) => object(one, subject)),
      ...loaded.configuration.flatMap((path) => configuration(path, subject)),
    ];
  },
};

/** The interpreter belongs to the program, although a library may ask for it first. */
function object(one: LoadedObject, { path }: Subject): Requirement {
  const from = one.via === 'interpreter' ? path : one.by;
  return {
    want: { kind: 'path', path: one.path, use: 'module' },
    strength: strengthOf(one),
    because: becauseOf(one),
    ...(from === undefined ? {} : { from }),
  };
}

/** The loader goes on without an auxiliary filtee, an auditor or a preloaded object. */
function strengthOf({ via, level }: LoadedObject): Strength {
  return level !== undefined || via === 'auxiliary' || via === 'audit' || via === 'preload'
    ? 'recommended'
    : 'required';
}

const FOUND_BY: Readonly<Record<FoundBy, string>> = {
  itself: '',
  path: ', by its path',
  rpath: ', found by RPATH',
  runpath: ', found by RUNPATH',
  'library-path': ', found by LD_LIBRARY_PATH',
  cache: '',
  default: '',
  loaded: '',
};

function becauseOf({ via, name, foundBy, level }: LoadedObject): string {
  const how = `${FOUND_BY[foundBy]}${level === undefined ? '' : `, for ${level}`}`;
  switch (via) {
    case 'program':
      return 'is started';
    case 'interpreter':
      return `is started by it (PT_INTERP ${name})`;
    case 'preload':
      return `gets it preloaded (${name}${how})`;
    case 'needed':
      return `is linked with it (DT_NEEDED ${name}${how})`;
    case 'filter':
      return `filters it (DT_FILTER ${name}${how})`;
    case 'auxiliary':
      return `filters it where it is there (DT_AUXILIARY ${name}${how})`;
    case 'audit':
      return `is audited by it (DT_AUDIT ${name}${how})`;
    case 'dlopen':
      return `opens it (${name}${how})`;
  }
}

/** musl reads its path file at each start. glibc's cache is not taken: where it decides, a minimal one is written. */
function configuration(path: string, subject: Subject): Requirement[] {
  if (!/\/ld-musl-[^/]*\.path$/.test(path)) return [];
  const because = `is started by musl's loader, which looks for libraries where this file says`;
  return [{ want: { kind: 'path', path, use: 'data' }, strength: 'required', because, from: subject.path }];
}
