/** From a script to its own files and to the packages that it needs. @module */
import { joinPath } from '../../base/path.ts';
import type { Facts } from '../rule.ts';
import { findImports } from './imports.ts';
import { packageName, packageRoot, readPackage, resolveFile, resolvePackage } from './resolve.ts';

const MOST_FILES = 20_000;

/** Each by the path it is opened by, with the file or package that asks for it first. */
export interface Reached {
  /** The script's own files that it imports, and `package.json` files that say how they are to be read. */
  readonly files: ReadonlyMap<string, string>;
  /** Directories of installed packages. */
  readonly packages: ReadonlyMap<string, string>;
  /** Own files that import what a computed name says. */
  readonly dynamic: readonly string[];
  /** Specifiers of the script itself that nothing was found for. */
  readonly unresolved: readonly string[];
}

interface Walk {
  readonly facts: Facts;
  readonly isBuiltIn: (name: string) => boolean;
  readonly files: Map<string, string>;
  readonly packages: Map<string, string>;
  readonly dynamic: string[];
  readonly unresolved: string[];
  readonly todo: string[];
}

/** @param script physical path */
export async function reachFiles(script: string, isBuiltIn: (name: string) => boolean, facts: Facts): Promise<Reached> {
  const walk: Walk = {
    facts,
    isBuiltIn,
    files: new Map(),
    packages: new Map(),
    dynamic: [],
    unresolved: [],
    todo: [script],
  };
  const installed = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(script)?.[0];
  if (installed !== undefined) await addPackage(walk, installed, script);
  const done = new Set<string>();
  for (let file = walk.todo.shift(); file !== undefined && done.size < MOST_FILES; file = walk.todo.shift()) {
    if (done.has(file)) continue;
    done.add(file);
    await readOwnFile(walk, file, script);
  }
  return walk;
}

async function readOwnFile(walk: Walk, file: string, script: string): Promise<void> {
  const root = await packageRoot(file, walk.facts);
  if (root !== undefined) note(walk.files, joinPath(root, 'package.json'), file);
  if (/\.(?:json|node|wasm)$/.test(file)) return;
  const text = await walk.facts.text(file);
  if (text === undefined) return;
  const { specifiers, dynamic } = await findImports(text);
  if (dynamic) walk.dynamic.push(file);
  for (const specifier of specifiers) {
    const found = await follow(walk, specifier, file);
    if (!found && file === script) walk.unresolved.push(specifier);
  }
}

async function follow(walk: Walk, specifier: string, from: string): Promise<boolean> {
  if (/^(?:\.{1,2}(?:\/|$)|\/|file:\/\/\/)/.test(specifier)) {
    const path = await resolveFile(specifier.replace(/^file:\/\//, ''), from, walk.facts);
    if (path === undefined) return false;
    note(walk.files, path, from);
    const found = await walk.facts.files.resolve(path);
    if (found.kind === 'found') walk.todo.push(found.path);
    return true;
  }
  if (specifier.startsWith('#')) {
    walk.dynamic.push(from);
    return true;
  }
  const name = packageName(specifier);
  if (specifier.startsWith('node:') || walk.isBuiltIn(name) || /^[a-z]+:/.test(specifier)) return true;
  const path = await resolvePackage(name, from, walk.facts);
  if (path !== undefined) await addPackage(walk, path, from);
  return path !== undefined;
}

/** A package and all that it says it needs, as far as that is installed. */
async function addPackage(walk: Walk, path: string, from: string): Promise<void> {
  const todo = [{ path, from }];
  for (let one = todo.shift(); one !== undefined; one = todo.shift()) {
    if (walk.packages.has(one.path)) continue;
    walk.packages.set(one.path, one.from);
    const found = await walk.facts.files.resolve(one.path);
    if (found.kind === 'missing') continue;
    const { dependencies } = await readPackage(found.path, walk.facts);
    for (const name of dependencies) {
      const needed = await resolvePackage(name, `${found.path}/package.json`, walk.facts);
      if (needed !== undefined) todo.push({ path: needed, from: `${found.path}/package.json` });
    }
  }
}

function note(into: Map<string, string>, path: string, from: string): void {
  if (!into.has(path)) into.set(path, from);
}
