/** `--build-context NAME=…`: a directory, an address, or any reference; in docker's own words as well. @module */
import { join } from 'node:path';
import { present } from '../../base/assert.ts';
import { ImageError } from '../../base/errors.ts';
import { redacted } from '../../base/secrets.ts';
import type { NamedContext } from '../../builders/dockerfile/ports.ts';
import type { State } from '../../builders/dockerfile/state.ts';
import { parseGitReference } from '../../formats/dockerfile/git.ts';
import type { Platform } from '../../formats/oci/types.ts';
import { parseReference } from '../../formats/reference/parse.ts';
import { TreeEditor } from '../../model/editor.ts';
import { formatPlatform } from '../../model/platform.ts';
import type { Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { type Access, openRoot } from '../../sources.ts';
import { statsAt } from '../../system/stats.ts';
import { archiveTree } from './archive.ts';
import { isAddress, type Remotes, readIgnore } from './contexts.ts';
import { IGNORE_NOTHING } from './ignore.ts';
import { localContext } from './local-context.ts';

export interface NamedSources {
  readonly contexts: ReadonlyMap<string, string>;
  readonly remotes: Remotes;
  image(reference: string, platform: Platform): Promise<State>;
  /** A root filesystem to build upon. */
  stateOf(tree: Tree, platform: Platform): Promise<State>;
}

/** @returns of what FROM or `--from` says, the context of that name; undefined where none was given */
export function namedContexts(
  sources: NamedSources,
  stack: AsyncDisposableStack,
  access: Access,
): (name: string, platform: Platform) => NamedContext | undefined {
  return (name, platform) => {
    const value = meantBy(sources.contexts, name, platform);
    return value === undefined ? undefined : namedContext(value, platform, sources, stack, access);
  };
}

/** Without what is understood of an image's name in any case. */
export function shortName(name: string): string {
  return name.replace(/^docker\.io\/(?:library\/)?/, '').replace(/:latest$/, '');
}

/** One for a platform (`NAME::linux/arm64`) first; an image's name in its short form too. */
function meantBy(contexts: ReadonlyMap<string, string>, name: string, platform: Platform): string | undefined {
  const forms = [name, shortName(name)].flatMap((one) => [`${one}::${formatPlatform(platform)}`, one]);
  const found = forms.find((form) => contexts.has(form));
  return found === undefined ? undefined : contexts.get(found);
}

function namedContext(
  value: string,
  platform: Platform,
  sources: NamedSources,
  stack: AsyncDisposableStack,
  access: Access,
): NamedContext {
  const { run = {} } = access;
  const ofFiles = (tree: (pattern?: string) => Promise<Tree>): NamedContext => ({
    tree,
    base: async () => sources.stateOf(await tree(), platform),
  });
  if (parseGitReference(value) !== undefined) return ofFiles(() => sources.remotes.git(value, { keepGitDir: false }));
  if (isAddress(value)) return ofFiles(() => filesOfAddress(value, sources.remotes, stack, run));
  if (isDirectoryName(value)) {
    const tree = (pattern?: string) => directory(value, run, pattern);
    return { ...ofFiles(tree), assertThere: () => assertDirectory(value) };
  }
  const reference = value.replace(/^docker-image:\/\//, '').replace(/^oci-layout:\/\//, 'oci:');
  const base = () => sources.image(reference, platform);
  const isRoot = ['rootfs', 'tar', 'host'].includes(parseReference(reference).kind);
  if (!isRoot) return { base, tree: async () => (await base()).tree() };
  const root = async () => present(stack.use(await openRoot(reference, { ...access, platform })), 'root').tree();
  return { base, tree: root };
}

function isDirectoryName(value: string): boolean {
  return value === '.' || value === '..' || /^\.{0,2}\//.test(value);
}

function assertDirectory(path: string): void {
  if (statsAt(path, `cannot read the context ${path}`)?.isDirectory()) return;
  throw new ImageError('NOT_FOUND', `the context ${path} is no directory`);
}

async function directory(path: string, run: Run, pattern?: string): Promise<Tree> {
  assertDirectory(path);
  const ignored = join(path, '.dockerignore');
  const hasOwn = statsAt(ignored, `cannot read the ignore file ${ignored}`) !== undefined;
  return localContext(path, hasOwn ? await readIgnore(ignored, run) : IGNORE_NOTHING, run).tree(pattern);
}

/** What a tar holds; any other file is `/context`, as BuildKit calls it. */
async function filesOfAddress(url: string, remotes: Remotes, stack: AsyncDisposableStack, run: Run): Promise<Tree> {
  const file = await remotes.http(url);
  const tree = await archiveTree(file, redacted(url), stack, run);
  if (tree !== undefined) return tree;
  const editor = new TreeEditor();
  editor.put('/context', file);
  return editor.done();
}
