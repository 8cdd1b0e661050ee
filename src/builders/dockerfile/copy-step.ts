/** COPY and ADD: files from the context, from stages and images, from heredocs, from the net. @module */
import { type Digest, digestOf as digestOfText } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { cleanPath } from '../../base/path.ts';
import { expandWord } from '../../formats/dockerfile/expand.ts';
import { heredocContent } from '../../formats/dockerfile/heredoc.ts';
import { octalMode } from '../../formats/dockerfile/mode.ts';
import type { AddInstruction, CopyInstruction } from '../../formats/dockerfile/types.ts';
import { bytesContent } from '../../model/content.ts';
import { diff } from '../../model/diff.ts';
import { FILE_META, type FileNode } from '../../model/node.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import type { FilesDigest } from '../../ports/build-memory.ts';
import type { StageContext } from './context.ts';
import { type CopyRequest, type CopySource, copiedOf, copyInto } from './copy/copy.ts';
import { resolveOwner } from './copy/owner.ts';
import { withoutRepetition } from './copy/repetition.ts';
import { hasWildcards, pathBeforeWildcards } from './copy/wildcards.ts';
import { type CopySourceWords, copyWords, matcherOf } from './copy-words.ts';
import { digestOfNode } from './describe.ts';
import { layerStep } from './layer-step.ts';
import type { BuildPorts } from './ports.ts';
import { environmentIn } from './scope.ts';
import type { Filesystem, State } from './state.ts';

export async function copyStep(state: State, instruction: CopyInstruction | AddInstruction, context: StageContext) {
  const { settings, ports } = context;
  const said = copyWords(state, instruction, context);
  const { written, destination, chown, chmod, excluded, link } = said;
  const options = { mode: said.mode, dirMode: said.dirMode, excludes: said.excludes, time: settings.clock.time };
  const sources: SourceOf[] = [];
  for (const source of said.sources) sources.push(await sourceOf(source, instruction, context, state));
  const seen = new Map<SourceOf, string>();
  const make = async () => {
    const tree = await state.tree();
    const below = link ? EMPTY_TREE : tree;
    const request: CopyRequest = {
      ...options,
      sources: await Promise.all(sources.map((source) => readAs(source, seen.get(source)))),
      destination,
      owner: chown === '' ? undefined : await resolveOwner(tree, chown, ports.warn),
    };
    const copied = diff(below, await copyInto(below, request, ports.archive));
    const digest = (file: FileNode) => ports.contents.of(file, ports.run);
    const changes = await withoutRepetition(copied, below, async (a, b) => (await digest(a)) === (await digest(b)));
    return { changes, [Symbol.asyncDispose]: async () => undefined };
  };
  return context.step(instruction.source, async () => {
    // Whoever owned what is copied does not matter where it gets a new owner, whom the root filesystem below may have to tell.
    const described = { ...options, owner: chown === '' ? undefined : { uid: 0, gid: 0 } };
    const contents: Digest[] = [];
    for (const source of sources) {
      const found = await digestOf(source, described, [chmod, excluded, chown !== ''], ports);
      contents.push(found.digest);
      if (found.seen !== undefined) seen.set(source, found.seen);
    }
    const parents = instruction.kind === 'copy' && instruction.parents ? ' --parents' : '';
    const flags = [parents, chown && ` --chown=${chown}`, chmod && ` --chmod=${chmod}`].join('');
    const words = [...sources.map(({ words }) => words), written].join(' ');
    const text = `${instruction.kind.toUpperCase()}${flags} ${words} # buildkit`;
    const inputs = [instruction.kind, destination, chown, octalMode(chmod), link, contents];
    const { fresh, anticipate } = context;
    return layerStep(state, { text, inputs, fresh, anticipate, make }, ports, settings.clock);
  });
}

/** One source, as it is written in the history, and how it is read. */
interface SourceOf {
  readonly words: string;
  read(): Promise<CopySource>;
  /** Where it is taken from, and what of it. */
  readonly from?: Filesystem;
  readonly part?: readonly unknown[];
  /** Tells whether that has changed, where it has no name of its own. */
  fingerprint?(): Promise<string | undefined>;
}

/** @param seen what its digest was remembered for: what is read has to be the same */
async function readAs(source: SourceOf, seen: string | undefined): Promise<CopySource> {
  const found = await source.read();
  if (seen === undefined || (await source.fingerprint?.()) === seen) return found;
  throw new ImageError('IO', `"${source.words}" changed while it was being read`, {
    hint: 'try again when nothing writes to it',
  });
}

/** Of all that is copied, whatever it is copied to. @param options what the digest depends on besides the source */
async function digestOf(
  { read, from, part, fingerprint }: SourceOf,
  described: Parameters<typeof copiedOf>[1],
  options: readonly unknown[],
  { contents, run }: BuildPorts,
): Promise<FilesDigest> {
  const compute = async () => {
    const words: unknown[] = [];
    for (const { name, node, unpacks } of copiedOf(await read(), described)) {
      words.push([name, unpacks, await digestOfNode(node, contents, run)]);
    }
    return digestOfText(JSON.stringify(words));
  };
  if (fingerprint !== undefined)
    return contents.ofFiles(JSON.stringify(['files', part, options]), fingerprint, compute);
  const chain = from?.chain;
  const known = chain === undefined ? undefined : JSON.stringify(['copy', chain, part, options]);
  return { digest: await (known === undefined ? compute() : contents.derived(known, compute)), seen: undefined };
}

async function sourceOf(
  source: CopySourceWords,
  instruction: CopyInstruction | AddInstruction,
  context: StageContext,
  state: State,
): Promise<SourceOf> {
  if (source.kind === 'heredoc') return heredocSource(source, context, state);
  const { text } = source;
  if (instruction.kind === 'add' && source.kind !== 'path') {
    const remote = await remoteSource(source, instruction, context);
    return { words: text, read: async () => remote };
  }
  if (instruction.kind === 'copy') {
    const from = await context.source(instruction.from?.text);
    if (!instruction.parents) return partOf(from, text, (tree) => pathSource(tree, text, false), [text]);
    const parents = (tree: Tree) => parentsSource(tree, text);
    return { ...partOf(from, patternOf(text, instruction), parents, [text, 'parents']), words: text };
  }
  const unpacks = instruction.unpack ?? true;
  return partOf(await context.source(undefined), text, (tree) => pathSource(tree, text, unpacks), [text, unpacks]);
}

/** @param part what it is of the files, and how it is taken */
function partOf(from: Filesystem, words: string, take: (tree: Tree) => CopySource, part: readonly unknown[]): SourceOf {
  const { fingerprint } = from;
  const pattern = cleanPath(`/${words}`);
  return {
    words,
    read: async () => take(await from.tree(pattern)),
    from,
    part,
    ...(fingerprint && { fingerprint: () => fingerprint(pattern) }),
  };
}

function heredocSource(
  { heredoc }: Extract<CopySourceWords, { kind: 'heredoc' }>,
  { settings }: StageContext,
  state: State,
): SourceOf {
  const content = heredocContent(heredoc);
  const text = heredoc.expand ? expandWord(content, environmentIn(state), { quotes: 'ignore' }) : content;
  const times = { mtime: settings.clock.time, mtimeNs: 0 };
  const node = { kind: 'file', meta: FILE_META, ...times, link: undefined, content: bytesContent(text) } as const;
  return { words: `<<${heredoc.name}`, read: async () => ({ kind: 'file', name: heredoc.name, node, unpacks: false }) };
}

function pathSource(tree: Tree, text: string, unpacks: boolean): CopySource {
  return { kind: 'path', tree, path: cleanPath(`/${text}`), unpacks };
}

/** What a source selects of where it is taken from. */
export function patternOf(text: string, instruction: CopyInstruction | AddInstruction): string {
  return instruction.kind === 'copy' && instruction.parents ? placeOfParents(text) : cleanPath(`/${text}`);
}

/** What all of it lies in: a pattern as in .dockerignore, where `**` is any number of names, and a backslash takes a meaning away. */
function placeOfParents(text: string): string {
  return text.includes('\\') ? '/' : pathBeforeWildcards(cleanPath(`/${text}`));
}

/** `a/./b/c` is taken from `a`, and keeps `b/`. Without wildcards, something has to be there. */
function parentsSource(tree: Tree, text: string): CopySource {
  const pivot = text.indexOf('/./');
  const path = cleanPath(`/${pivot < 0 ? '' : text.slice(0, pivot)}`);
  const pattern = cleanPath(`/${pivot < 0 ? text : text.slice(pivot + 3)}`).slice(1);
  const includes = pattern === '' ? undefined : matcherOf([pattern]);
  return { kind: 'path', tree, path, includes, required: hasWildcards(text) ? undefined : text, unpacks: false };
}

async function remoteSource(
  source: Extract<CopySourceWords, { kind: 'http' | 'git' }>,
  { keepGitDir, unpack }: AddInstruction,
  { ports }: StageContext,
): Promise<CopySource> {
  const { text, checksum } = source;
  if (source.kind === 'git') {
    const options = { keepGitDir: keepGitDir ?? source.reference.keepGitDir ?? false, checksum };
    return { kind: 'tree', tree: await ports.remote.git(text, options, ports.run) };
  }
  const node = await ports.remote.http(text, checksum, ports.run);
  return { kind: 'file', name: nameInUrl(text), node, unpacks: unpack ?? false };
}

/** The last name of the address; BuildKit's own where it has none. */
function nameInUrl(url: string): string {
  const name = new URL(url).pathname.split('/').findLast((part) => part !== '');
  return name === undefined ? '__unnamed__' : decodeURIComponent(name);
}
