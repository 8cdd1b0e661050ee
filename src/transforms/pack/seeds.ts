/** What the user asks for by name: where every chain of reasons ends. @module */
import { basename, joinPath } from '../../base/path.ts';
import { DIR_META } from '../../model/node.ts';
import type { Seed } from '../../rules/closure/types.ts';
import { findProgram, noProgram } from '../../rules/programs.ts';
import type { Facts } from '../../rules/rule.ts';
import type { Added } from './additions.ts';
import { homeOf } from './config.ts';
import type { NewUser, PackRequest } from './types.ts';

/** One path of the source that was asked for by name. */
export interface Named {
  readonly rule: 'program' | 'add';
  /** As the source has it, links not followed. */
  readonly path: string;
  readonly physical: string;
  readonly because: string;
  /** Where it goes, where that is elsewhere. */
  readonly to: string | undefined;
}

/** @throws ImageError NOT_FOUND */
export async function namedPrograms(facts: Pick<Facts, 'files' | 'env'>, request: PackRequest): Promise<Named[]> {
  const named: Named[] = [];
  for (const name of request.programs) {
    const wanted = name.startsWith('/') ? name : fromRoot(name);
    const found = await findProgram(facts.files, wanted, { path: facts.env['PATH'] ?? '' });
    if (!found.found) throw await noProgram(facts.files, name, wanted, lookedIn(name, found.tried));
    const to = request.dest === undefined ? undefined : joinPath(`/${request.dest}`, basename(found.as));
    named.push({
      rule: 'program',
      path: found.as,
      physical: found.path,
      because: 'is the program to be packed',
      to: to === found.as ? undefined : to,
    });
  }
  return named;
}

/** A relative path is taken from the source's root: the packer's working directory is none of its business. */
function fromRoot(name: string): string {
  return name.includes('/') ? `/${name.replace(/^\.\//, '')}` : name;
}

function lookedIn(name: string, tried: readonly string[]): string {
  return name.includes('/') ? 'in the source' : `in the source; looked for ${tried.join(', ')}`;
}

export async function namedAdditions(facts: Facts, request: PackRequest, added: readonly Added[]): Promise<Named[]> {
  const named: Named[] = [];
  for (const { wish, path, to } of added) {
    const found = await facts.files.resolve(path);
    const physical = found.kind === 'found' ? found.path : path;
    const target = to ?? (await intoSodir(facts, request.sodir, path, physical));
    named.push({ rule: 'add', path, physical, because: `was asked for by --add ${wish}`, to: target });
  }
  return named;
}

async function intoSodir(facts: Facts, sodir: string | undefined, path: string, physical: string) {
  if (sodir === undefined) return undefined;
  const elf = await facts.elf(physical);
  return elf?.dynamic !== undefined && elf.interp === undefined ? joinPath(`/${sodir}`, basename(path)) : undefined;
}

/** The new user's home directory. */
export function homeSeed(user: NewUser | undefined): Seed[] {
  if (user === undefined || user.name === 'root') return [];
  const info = { kind: 'dir', meta: DIR_META, mtime: 0, mtimeNs: 0 } as const;
  const want = { kind: 'directory', path: homeOf(user.name), info } as const;
  return [{ rule: 'user', want, strength: 'required', because: 'is the home of the user the image runs as' }];
}

export async function seedsOf(facts: Facts, named: readonly Named[]): Promise<Seed[]> {
  const seeds: Seed[] = [];
  for (const { rule, path, physical, because } of named) {
    const isDirectory = (await facts.files.lookup(physical))?.kind === 'dir';
    const want = isDirectory
      ? { kind: 'tree' as const, path }
      : { kind: 'path' as const, path, ...(rule === 'add' ? {} : { use: 'program' as const }) };
    seeds.push({ rule, want, strength: 'required', because, named: true });
  }
  return seeds;
}
