/**
 * A tree written into a directory that has something in it already. All of it is first written to a closed directory of its own in
 * there, and then moved to its place by rename(2), with a way back: a failure leaves what was there.
 *
 * Nothing is written outside, whatever links are in the directory and whoever changes it meanwhile: places are reached from one
 * open directory to the next, and none is opened through a link.
 * @module
 */
import {
  closeSync,
  constants,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
} from 'node:fs';
import { fromSystem, ImageError, systemCode } from '../../base/errors.ts';
import { encodeName, printableName } from '../../base/names.ts';
import type { Dir, Node, Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { type Metadata, metadataWriter } from '../../system/disk-metadata.ts';
import { type DiskPath, type WrittenDirectory, writeEntries } from '../../system/write-tree.ts';

export interface IntoOptions {
  /** Whether what is of another kind (a directory in a file's place, a link in a directory's) gives way; else it is refused. */
  readonly replace: boolean;
}

/**
 * Directories that are there stay as they are and get what is missing; other files are replaced.
 * @param dir exists; its own name may be a link
 * @throws ImageError CONFLICT where something of another kind is in the way; then nothing has changed
 */
export async function writeIntoDirectory(
  tree: Tree,
  dir: string,
  { replace }: IntoOptions,
  run: Run = {},
): Promise<void> {
  try {
    const staging = mkdtempSync(`${dir}/.pare-`);
    try {
      for (const name of ['new', 'old']) mkdirSync(`${staging}/${name}`, { mode: 0o700 });
      const metadata = metadataWriter();
      const dirs = await writeEntries(tree, `${staging}/new`, metadata, run);
      using top = openPlace(dir, { follow: true });
      if (!replace) refuseObstacles(obstacles(tree.root, top, ''), dir);
      moveAll(tree, top, new Moving(staging, metadata, dirs));
      const left = metadata.summary();
      if (left !== undefined) run.report?.({ type: 'warning', text: `${dir}: ${left}` });
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  } catch (error) {
    throw fromSystem(error, `cannot write into ${dir}`);
  }
}

/** An open directory. */
interface Place extends Disposable {
  /** Leads to it however its name changes. */
  readonly path: string;
  readonly device: number;
}

const OPEN_FILES = '/proc/self/fd';

function openPlace(path: DiskPath, { follow }: { readonly follow: boolean }): Place {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | (follow ? 0 : constants.O_NOFOLLOW);
  const fd = openSync(path, flags);
  // Elsewhere than on Linux by name.
  const open = existsSync(OPEN_FILES) ? `${OPEN_FILES}/${fd}` : Buffer.from(path).toString();
  return { path: open, device: lstatSync(`${open}/.`).dev, [Symbol.dispose]: () => closeSync(fd) };
}

function inPlace({ path }: Place, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${path}/`), encodeName(name)]);
}

function look(path: DiskPath): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Paths at which something of another kind stands. */
function* obstacles(dir: Dir, place: Place, path: string): Generator<string> {
  for (const [i, name] of dir.names.entries()) {
    const node = dir.nodes[i] as Node;
    const at = inPlace(place, name);
    const there = look(at);
    if (there === undefined) continue;
    if (there.isDirectory() !== (node.kind === 'dir')) yield `${path}/${name}`;
    else if (node.kind === 'dir') {
      using inner = openPlace(at, { follow: false });
      if (inner.device !== place.device) yield `${path}/${name}`;
      else yield* obstacles(node, inner, `${path}/${name}`);
    }
  }
}

const MOST_TOLD = 5;

function refuseObstacles(paths: Iterable<string>, dir: string): void {
  const all = [...paths];
  if (all.length === 0) return;
  const told = all.slice(0, MOST_TOLD).map((path) => printableName(dir + path));
  const more = all.length > MOST_TOLD ? ` and ${all.length - MOST_TOLD} more` : '';
  throw new ImageError('CONFLICT', `something of another kind is in the way: ${told.join(', ')}${more}`, {
    hint: 'a directory, a link, a mounted file system or a file stands where the image has something else; --force puts it away',
  });
}

/** A move that was made, and how to take it back. */
interface Step {
  /** Names of the directories that lead to where it was made. */
  readonly dirs: readonly string[];
  readonly name: string;
  readonly undo: (at: Buffer) => void;
}

class Moving {
  readonly staging: string;
  readonly #metadata: Metadata;
  readonly #infos: ReadonlyMap<string, WrittenDirectory>;
  readonly #steps: Step[] = [];

  constructor(staging: string, metadata: Metadata, dirs: readonly WrittenDirectory[]) {
    this.staging = staging;
    this.#metadata = metadata;
    this.#infos = new Map(dirs.map((dir) => [Buffer.from(dir.path).toString('latin1'), dir]));
  }

  /** Brings what was written at `from` to its place; what stands there is kept for the way back. */
  move(from: Buffer, to: Target, node: Node): void {
    const { dirs, name, at, there } = to;
    const old = `${this.staging}/old/${this.#steps.length}`;
    const isKept = there !== undefined && node.kind !== 'dir' && !there.isDirectory() && keep(at, old);
    if (there !== undefined && !isKept) {
      renameSync(at, old);
      this.#steps.push({ dirs, name, undo: (place) => renameSync(old, place) });
    }
    renameSync(from, at);
    this.#steps.push({ dirs, name, undo: (place) => (isKept ? renameSync(old, place) : renameSync(place, from)) });
  }

  /** Of directories that were made, once all is in them. */
  describe(from: Buffer, at: DiskPath): void {
    const dir = this.#infos.get(from.toString('latin1'));
    if (dir !== undefined) this.#metadata.apply(at, dir.info);
  }

  takeBack(top: Place): void {
    for (const { dirs, name, undo } of this.#steps.reverse()) {
      using stack = new DisposableStack();
      const place = dirs.reduce((at, dir) => stack.use(openPlace(inPlace(at, dir), { follow: false })), top);
      undo(inPlace(place, name));
    }
  }
}

/** A second name, so that the first can be taken over without a moment in which there is none. */
function keep(path: Buffer, name: string): boolean {
  try {
    linkSync(path, name);
    return true;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}

function moveAll(tree: Tree, top: Place, moving: Moving): void {
  try {
    moveChildren(tree.root, Buffer.from(`${moving.staging}/new`), { place: top, dirs: [] }, moving);
  } catch (error) {
    moving.takeBack(top);
    throw error;
  }
}

/** Where something is to stand, and what stands there. */
interface Target extends Pick<Step, 'dirs' | 'name'> {
  readonly at: Buffer;
  readonly there: Stats | undefined;
}

interface Reached {
  readonly place: Place;
  /** Names of the directories that lead there. */
  readonly dirs: readonly string[];
}

function moveChildren(dir: Dir, from: Buffer, { place, dirs }: Reached, moving: Moving): void {
  for (const [i, name] of dir.names.entries()) {
    const node = dir.nodes[i] as Node;
    const source = Buffer.concat([from, Buffer.from('/'), encodeName(name)]);
    const at = inPlace(place, name);
    const there = look(at);
    if (node.kind === 'dir' && there?.isDirectory()) {
      using inner = openPlace(at, { follow: false });
      moveChildren(node, source, { place: inner, dirs: [...dirs, name] }, moving);
      continue;
    }
    // A device that the user may not make was left out.
    if (look(source) === undefined) continue;
    if (node.kind === 'dir') describeBelow(node, source, moving);
    moving.move(source, { dirs, name, at, there }, node);
    // Moving a directory takes the right to write into it, which its own mode may not give.
    if (node.kind === 'dir') moving.describe(source, at);
  }
}

/** Directories below one that moves as a whole, the deepest first. */
function describeBelow(dir: Dir, from: Buffer, moving: Moving): void {
  for (const [i, name] of dir.names.entries()) {
    const node = dir.nodes[i] as Node;
    if (node.kind !== 'dir') continue;
    const inner = Buffer.concat([from, Buffer.from('/'), encodeName(name)]);
    describeBelow(node, inner, moving);
    moving.describe(inner, inner);
  }
}
