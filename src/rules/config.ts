/**
 * What the image's config names: the program it starts and the paths among its arguments, the health check, the user, the
 * working directory, the volumes (image-spec config.md).
 * @module
 */
import { isWithin } from '../base/path.ts';
import type { RunConfig } from '../formats/oci/types.ts';
import type { DirInfo } from '../model/node.ts';
import { accountLine } from './closure/accounts.ts';
import type { Facts, Requirement, Rule } from './rule.ts';

export const config: Rule = {
  name: 'config',
  summary: 'what the image config names: program, arguments, health check, user, working directory, volumes',
  image: async (facts) => {
    const { config: run } = facts;
    return [
      ...start(run),
      ...healthcheck(run),
      ...user(run.User ?? ''),
      ...(await directories(facts)),
      ...argumentPaths(run),
    ];
  },
};

/** What the container's first process gets as argv. */
export function commandLine(run: RunConfig): string[] {
  return [...(run.Entrypoint ?? []), ...(run.Cmd ?? [])];
}

/** Whether Docker made this of a command in shell form: a shell, `-c`, one text. */
export function isShellForm(words: readonly string[]): boolean {
  return words.length >= 3 && /(?:^|\/)(?:sh|bash|ash|dash)$/.test(words[0] ?? '') && words[1] === '-c';
}

function start(run: RunConfig): Requirement[] {
  const words = commandLine(run);
  const [program] = words;
  if (program === undefined || program === '') return [];
  const from = (run.Entrypoint?.length ?? 0) > 0 ? 'ENTRYPOINT' : 'CMD';
  return [starts(program, from, isShellForm(words))];
}

function starts(program: string, what: string, shellForm: boolean): Requirement {
  return {
    want: { kind: 'program', name: program },
    strength: 'required',
    because: `the image's ${what} starts it`,
    unmet: shellForm
      ? {
          code: 'shell-form-without-shell',
          message: `${what} is in shell form, which runs it by ${program} -c, and the image has no ${program}`,
          fix: `use the exec form (a JSON array), or add a shell: --shell busybox`,
        }
      : {
          code: 'entrypoint-missing',
          message: `${what} starts ${program}, and the image has no such program`,
          fix: 'add the program, or set --entrypoint to one that is there',
        },
  };
}

function healthcheck(run: RunConfig): Requirement[] {
  const [form, ...words] = run.Healthcheck?.Test ?? [];
  if (form === 'CMD-SHELL') return [starts(run.Shell?.[0] ?? '/bin/sh', 'HEALTHCHECK', true)];
  const [program] = words;
  return form === 'CMD' && program !== undefined ? [starts(program, 'HEALTHCHECK', isShellForm(words))] : [];
}

/** `NAME`, `UID`, `NAME:GROUP` …; the runtime looks names up in the image, and takes numbers as they are. */
function user(text: string): Requirement[] {
  const [name = '', group = ''] = text.split(':');
  const wanted = [
    { kind: 'user' as const, name, file: '/etc/passwd' },
    { kind: 'group' as const, name: group, file: '/etc/group' },
  ];
  return wanted
    .filter((one) => one.name !== '')
    .map(({ kind, name: wantedName, file }) => {
      const want = { kind, name: wantedName };
      const because = `the image runs as this ${kind}`;
      if (/^\d+$/.test(wantedName)) return { want, strength: 'recommended', because };
      const unmet = {
        code: 'user-unknown',
        message: `the image runs as ${kind} "${wantedName}", which ${file} of the image does not have`,
        fix: `give numbers (--user NAME:UID:GID), or add the ${kind}`,
      } as const;
      return { want, strength: 'required', because, unmet };
    });
}

async function directories(facts: Facts): Promise<Requirement[]> {
  const { config: run } = facts;
  const all: Requirement[] = [];
  for (const path of Object.keys(run.Volumes ?? {})) {
    const want = { kind: 'directory', path, info: await directoryAt(path, facts) } as const;
    all.push({ want, strength: 'required', because: 'the image declares it as a volume' });
  }
  const dir = run.WorkingDir ?? '';
  if (dir === '' || dir === '/') return all;
  const unmet = {
    code: 'workdir-missing',
    message: `the working directory ${dir} is not there: some runtimes make it, owned by root, others refuse to start`,
    fix: `make the directory, or set --workdir to one that is there`,
  } as const;
  const want = { kind: 'directory', path: dir, info: await directoryAt(dir, facts) } as const;
  return [{ want, strength: 'required', because: 'the image starts in it', unmet }, ...all];
}

/** As it is in the source; a new one belongs to the image's user. */
async function directoryAt(path: string, facts: Facts): Promise<DirInfo> {
  const found = await facts.files.resolve(path);
  if (found.kind === 'found' && found.node.kind === 'dir') return found.node;
  return { kind: 'dir', meta: { mode: 0o755, ...(await ownerOf(facts)) }, mtime: 0, mtimeNs: 0 };
}

async function ownerOf({ config: run, text }: Facts): Promise<{ uid: number; gid: number }> {
  const [name = '', group = ''] = (run.User ?? '').split(':');
  const account = accountLine((await text('/etc/passwd')) ?? '', name);
  const uid = Number(account?.[2] ?? name) || 0;
  const named = accountLine((await text('/etc/group')) ?? '', group)?.[2] ?? group;
  return { uid, gid: Number(named === '' ? account?.[3] : named) || 0 };
}

/** Filled when the container runs: what is not there beforehand says nothing. */
const RUN_TIME = ['/dev', '/proc', '/sys', '/tmp', '/run', '/var/run', '/var/tmp', '/var/log'];

/** Absolute paths among the arguments, alone or behind an option's `=`. */
function argumentPaths(run: RunConfig): Requirement[] {
  const [, ...words] = commandLine(run);
  const outside = [...RUN_TIME, ...Object.keys(run.Volumes ?? {})];
  const paths = words.flatMap((word) => /^(?:-[\w-]+=)?(\/[^\s:;,]+)$/.exec(word)?.[1] ?? []);
  return [...new Set(paths)]
    .filter((path) => !outside.some((dir) => isWithin(path, dir)))
    .map((path) => ({
      want: { kind: 'path', path },
      strength: 'recommended',
      because: 'the image names it among the arguments of its program',
      unmet: {
        code: 'data-missing',
        message: `the image's command names ${path}, which is not there`,
        fix: `add it (--add ${path}), mount it when the image runs, or change the arguments`,
      },
    }));
}
