/** Values of the variables in a configuration file. @module */
import { dirname, joinPath } from '../../base/path.ts';
import type { Facts, Requirement, Subject } from '../rule.ts';
import { parseAssignments, type Statement } from './tokens.ts';

export interface Variables {
  valueOf(name: string): string | undefined;
  /** What is wanted for those that were asked for: that the image sets them. */
  wants(): Requirement[];
}

/** A file of variables that a service's start script reads in before it starts the program: so Debian starts web servers. */
const FILE = 'envvars';

/** The image's environment counts first, then what the file defines itself, then the file beside it or a directory above. */
export async function variablesFor(
  subject: Subject,
  statements: readonly Statement[],
  facts: Facts,
): Promise<Variables> {
  const defined = new Map(
    statements
      .filter(({ directive, values }) => directive === 'define' && values.length === 2)
      .map(({ values }) => [values[0], values[1]]),
  );
  const own = dirname(subject.path);
  const file = await firstFile([joinPath(own, FILE), joinPath(dirname(own), FILE)], facts);
  const beside = parseAssignments(file?.text ?? '');
  const unset = new Map<string, string>();
  return {
    valueOf: (name) => {
      const known = facts.env[name] ?? defined.get(name);
      const value = known ?? beside.get(name);
      if (known === undefined && value !== undefined) unset.set(name, value);
      return value;
    },
    wants: () => (file === undefined || unset.size === 0 ? [] : wantsOf(subject, file.path, unset)),
  };
}

async function firstFile(paths: readonly string[], facts: Facts) {
  for (const path of paths) {
    const text = await facts.text(path);
    if (text !== undefined) return { path, text };
  }
  return undefined;
}

/** The file itself, by which a check of the image knows of them; and what nothing but the image's config can meet. */
function wantsOf({ path, program }: Subject, file: string, unset: ReadonlyMap<string, string>): Requirement[] {
  const names = [...unset.keys()].sort();
  const options = names.map((name) => `--env ${name}=${unset.get(name)}`).join(' ');
  const because = `uses variables that it sets: ${names.join(', ')}`;
  const itself: Requirement = { want: { kind: 'path', path: file, use: 'data' }, strength: 'recommended', because };
  // Included files use what the main one does: one warning is enough.
  if (dirname(file) !== dirname(path)) return [itself];
  return [
    itself,
    {
      want: { kind: 'first', of: [] },
      strength: 'recommended',
      because,
      unmet: {
        code: 'data-missing',
        message: `${path} uses ${names.join(', ')}, which the image does not set (${file} does, if a script reads it in): ${program} may not start, or not as meant`,
        fix: options,
      },
    },
  ];
}
