/**
 * Finding one's way in a tree under a layer that is being read, as an extractor does on disk: links in the way are followed
 * inside the root, whether they are below or of the layer, and directories that are missing are made.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { nameInterner, printableName } from '../../base/names.ts';
import { isWithin } from '../../base/path.ts';
import { childOf } from '../children.ts';
import { type Dir, IMPLICIT_DIR, type Leaf, type Node } from '../node.ts';
import type { Tree } from '../tree.ts';
import { type DirDraft, type Draft, dirDraft } from './draft.ts';

/** Links followed on one way; as containerd's fs.RootPath has it, where Linux itself stops at 40. */
const MAX_LINKS = 255;

/** Components of links followed for one layer; more is a bomb: a million entries behind links take a few million. */
const MAX_LINK_STEPS = 20_000_000;

/**
 * Directories that are made because an entry lies in them: a name of a megabyte asks for half a million, a real layer for a few
 * at each entry that comes without its own.
 */
const MAX_IMPLICIT = 1_000_000;

/** Characters, as PATH_MAX has bytes. Longer ways, as bombs have them, are not remembered. */
const MAX_KNOWN = 4096;

/** A directory, or where one would be. */
export interface Place {
  /** Undefined for the root. */
  readonly parent: Place | undefined;
  readonly name: string;
  /** What the layer does to it so far, if anything. */
  draft: DirDraft | undefined;
  /** The directory of the tree below, where one can be seen here. */
  readonly below: Dir | undefined;
  /** Why no directory can be made here. */
  readonly obstacle: string | undefined;
}

/** What stands at a name now: of the layer, or else of the tree below. */
export type Standing = Draft | Node | undefined;

export class Places {
  readonly root: Place & { readonly draft: DirDraft };
  readonly #name = nameInterner();
  #linkSteps = 0;
  #implicit = 0;
  /** The way that was opened last: entries of one directory mostly follow each other. */
  #last: Way | undefined;
  /** The ways to it, from the top down, as far as no links are on them: those to its neighbours begin so, too. */
  readonly #above: Way[] = [];

  constructor(below: Tree) {
    this.root = {
      parent: undefined,
      name: '',
      draft: dirDraft(undefined, false),
      below: below.root,
      obstacle: undefined,
    };
  }

  standing(place: Place, name: string): Standing {
    return place.draft?.children.get(name) ?? visibleBelow(place, name);
  }

  /** Follows a path, dots and links in it. Where it leads need not exist. @throws ImageError INVALID, LIMIT */
  follow(path: string): Place {
    return this.#follow(path, path, this.root).place;
  }

  /** @param rest of the path, from `from` on */
  #follow(path: string, rest: string, from: Place): { readonly place: Place; readonly isDirect: boolean } {
    let here = from;
    let links = 0;
    let isDirect = true;
    const todo = rest.split('/').reverse();
    for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        isDirect = false;
        here = here.parent ?? here;
        continue;
      }
      const standing = this.standing(here, name);
      const target = linkTarget(standing);
      if (target === undefined) here = child(here, name, standing, links > 0);
      else {
        isDirect = false;
        const parts = target.split('/').reverse();
        this.#count(path, ++links, parts.length);
        if (target.startsWith('/')) here = this.root;
        for (const part of parts) todo.push(part);
      }
    }
    return { place: here, isDirect };
  }

  /**
   * The directory at a path, made where it is missing.
   * @param path clean
   * @throws ImageError INVALID where something is in the way
   */
  open(path: string): OpenPlace {
    if (this.#last?.path === path) return this.#last.place;
    this.#last?.place.draft.children.pack();
    const above = this.#above;
    while (above.length > 0 && !isWithin(path, (above.at(-1) as Way).path)) above.pop();
    const known = above.at(-1);
    const from = known?.place ?? this.root;
    const { place, isDirect } = this.#follow(path, path.slice(known?.path.length ?? 0), from);
    const opened = this.#make(place);
    this.#last = { path, place: opened };
    if (isDirect && path.length <= MAX_KNOWN) above.push(...waysBetween(from, opened, path));
    return opened;
  }

  /** Puts something there in place of whatever stands there. */
  set(place: OpenPlace, name: string, draft: Draft): void {
    if (isWay(this.standing(place, name))) this.forget();
    place.draft.children.set(this.#name(name), draft);
  }

  /** To be called when ways that were opened may lead elsewhere. */
  forget(): void {
    this.#last = undefined;
    this.#above.length = 0;
  }

  #make(place: Place): OpenPlace {
    const missing: Place[] = [];
    for (let at: Place | undefined = place; at?.draft === undefined && at !== undefined; at = at.parent)
      missing.push(at);
    this.#implicit += missing.length;
    if (this.#implicit > MAX_IMPLICIT) {
      throw new ImageError(
        'LIMIT',
        `the entries of a layer lie in more than ${MAX_IMPLICIT} directories that it does not describe`,
      );
    }
    for (const at of missing.reverse()) {
      if (at.obstacle !== undefined) throw new ImageError('INVALID', at.obstacle);
      const siblings = (at.parent as OpenPlace).draft.children;
      const isReplaced = siblings.has(at.name);
      at.draft = dirDraft(isReplaced ? IMPLICIT_DIR : undefined, isReplaced);
      siblings.set(this.#name(at.name), at.draft);
    }
    return place as OpenPlace;
  }

  #count(path: string, links: number, steps: number): void {
    this.#linkSteps += steps;
    if (links > MAX_LINKS)
      throw new ImageError('INVALID', `too many symbolic links in the way to ${printableName(path)}`);
    if (this.#linkSteps > MAX_LINK_STEPS) {
      throw new ImageError('LIMIT', `following the symbolic links in a layer takes more than ${MAX_LINK_STEPS} steps`);
    }
  }
}

export type OpenPlace = Place & { readonly draft: DirDraft };

/** A clean path, and where it leads. */
interface Way {
  readonly path: string;
  readonly place: OpenPlace;
}

/** The ways to all places below `from` on a way without links, its own as the last. */
function waysBetween(from: Place, place: OpenPlace, path: string): Way[] {
  const ways: Way[] = [];
  let end = path.length;
  for (let at: Place = place; at !== from && at.parent !== undefined; at = at.parent) {
    ways.push({ path: path.slice(0, end), place: at as OpenPlace });
    end = path.lastIndexOf('/', end - 1);
  }
  return ways.reverse();
}

function child(parent: Place, name: string, standing: Standing, behindLink: boolean): Place {
  const isDraft = standing?.kind === 'dir-draft';
  const lower = isDraft ? visibleBelow(parent, name) : standing;
  return {
    parent,
    name,
    draft: isDraft ? standing : undefined,
    below: lower?.kind === 'dir' ? lower : undefined,
    obstacle: leafOf(standing) === undefined ? undefined : obstacle(parent, name, behindLink),
  };
}

function visibleBelow(place: Place, name: string): Node | undefined {
  return place.below === undefined || place.draft?.opaque ? undefined : childOf(place.below, name);
}

/**
 * A file in the way of a directory. One of the tree below gives way, as it does in an overlay mount; but not one that a link
 * leads to, and none that the layer itself put there.
 */
function obstacle(parent: Place, name: string, behindLink: boolean): string | undefined {
  const isOwn = parent.draft?.children.has(name) ?? false;
  if (!isOwn && !behindLink) return undefined;
  return `${printableName(pathOf(parent, name))} is no directory, and an entry of the layer lies in it`;
}

/** The physical path of a name in a place. */
export function pathOf(place: Place, name: string): string {
  const names = [name];
  for (let at: Place = place; at.parent !== undefined; at = at.parent) names.push(at.name);
  return `/${names.reverse().join('/')}`;
}

/** The file that stands there, if it is no directory. */
export function leafOf(standing: Standing): Leaf | undefined {
  switch (standing?.kind) {
    case undefined:
    case 'dir':
    case 'dir-draft':
    case 'whiteout':
      return undefined;
    case 'inode':
      return standing.leaf;
    default:
      return standing;
  }
}

function linkTarget(standing: Standing): string | undefined {
  const leaf = leafOf(standing);
  return leaf?.kind === 'symlink' ? leaf.target : undefined;
}

/** Whether ways can lead through it. */
export function isWay(standing: Standing): boolean {
  return standing?.kind === 'dir' || standing?.kind === 'dir-draft' || linkTarget(standing) !== undefined;
}
