/** A build's files as a directory or a tar: of several platforms, each in a directory of its own, named as buildx names it. @module */
import { chmodSync, lstatSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { fromSystem, ImageError } from '../../base/errors.ts';
import { decodeName, encodeName, printableName } from '../../base/names.ts';
import { type Recursion, runRecursion } from '../../base/recursion.ts';
import type { BuiltImage } from '../../builders/dockerfile/image.ts';
import type { Platform } from '../../formats/oci/types.ts';
import type { RootReference } from '../../formats/reference/parse.ts';
import { TreeEditor } from '../../model/editor.ts';
import { type Dir, type Meta, metaInterner, type Node } from '../../model/node.ts';
import { formatPlatform } from '../../model/platform.ts';
import type { Tree } from '../../model/tree.ts';
import { saveRoot } from '../../sinks.ts';
import type { Access } from '../../sources.ts';
import { makeDirectories } from '../../system/directories.ts';

export interface FileForm {
  /** Whether each platform has a directory. */
  readonly split?: boolean | undefined;
  /** As docker has it: into a directory that may hold files, over those of the same names, and all of it the user's. */
  readonly over?: boolean | undefined;
}

/** @throws ImageError CONFLICT, DENIED, IO */
export async function saveFiles(
  images: readonly BuiltImage[],
  reference: RootReference,
  { split = false, over = false }: FileForm,
  access: Access,
): Promise<{ readonly compressed?: number }> {
  const tree = await treeOf(images, split, reference.text);
  if (!over || reference.kind !== 'rootfs') return saveRoot(tree, reference, access);
  await writeOver(owned(tree), reference, access);
  return {};
}

async function treeOf(images: readonly BuiltImage[], split: boolean, shown: string): Promise<Tree> {
  const [only, another] = images as [BuiltImage, BuiltImage?];
  if (!split && another === undefined) return only.tree();
  if (!split) {
    throw new ImageError('USAGE', `${shown}: files of ${images.length} platforms have no place in one directory`, {
      hint: 'leave platform-split=false out, or build one platform',
    });
  }
  const editor = new TreeEditor();
  for (const image of images) {
    const { root } = await image.tree();
    editor.put(`/${directoryName(image.platform)}`, root, root);
  }
  return editor.done();
}

/** `linux_arm_v7` */
export function directoryName(platform: Platform): string {
  return formatPlatform(platform).replaceAll('/', '_');
}

/** Everything the user's own, as docker's local output has it. */
function owned({ root }: Tree): Tree {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const intern = metaInterner();
  const metaOf = (meta: Meta) => intern({ ...meta, uid, gid });
  function* dirOf(dir: Dir): Recursion<Dir> {
    const nodes: Node[] = [];
    for (const node of dir.nodes) {
      nodes.push(node.kind === 'dir' ? yield dirOf(node) : { ...node, meta: metaOf(node.meta) });
    }
    return { ...dir, meta: metaOf(dir.meta), nodes };
  }
  return { root: runRecursion(dirOf(root)) };
}

/** Whole beside what is there, and then moved in. */
async function writeOver(tree: Tree, { path, text }: RootReference, access: Access): Promise<void> {
  const beside = besideFiles(path);
  try {
    await saveRoot(tree, { kind: 'rootfs', path: beside, text }, access);
    chmodSync(beside, 0o700);
    moveInto(beside, path);
    rmdirSync(beside);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    throw fromSystem(error, `cannot write ${path}`);
  }
}

function besideFiles(path: string): string {
  try {
    makeDirectories(path, 0o755);
    return mkdtempSync(`${path}/.pare-build-`);
  } catch (error) {
    throw fromSystem(error, `cannot write to ${path}`);
  }
}

/** What is there of another kind stays, and is an error; no link is followed. Both are directories. */
function moveInto(from: string, to: string): void {
  for (const name of readdirSync(encodeName(from), { encoding: 'buffer' }).map(decodeName)) {
    const [source, target] = [encodeName(`${from}/${name}`), encodeName(`${to}/${name}`)];
    const moved = lstatSync(source);
    const there = lstatSync(target, { throwIfNoEntry: false });
    if (there?.isDirectory() && moved.isDirectory()) {
      moveInto(`${from}/${name}`, `${to}/${name}`);
      rmdirSync(source);
      chmodSync(target, moved.mode & 0o7777);
    } else if (there === undefined || there.isDirectory() === moved.isDirectory()) renameSync(source, target);
    else throw inTheWay(`${to}/${name}`, moved.isDirectory());
  }
}

function inTheWay(path: string, isDirectory: boolean): ImageError {
  const [wanted, there] = isDirectory ? ['a directory', 'a file'] : ['a file', 'a directory'];
  return new ImageError('CONFLICT', `${printableName(path)} is to be ${wanted}, and is ${there}`, {
    hint: 'remove it, or name another directory',
  });
}
