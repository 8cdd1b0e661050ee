/**
 * Where two images differ, as `pare diff` says it, less what may differ: every path that is let through is named in a table,
 * with the reason, and where its bytes have a part that must be equal, that part is compared.
 * @module
 */
import { isDeepStrictEqual } from 'node:util';
import { nodeAt, type Tree } from '../../../src/model/tree.ts';
import { readFileNode } from '../../../src/ports/tree-files.ts';
import { openRoot } from '../../../src/sources.ts';
import { pare } from '../../cli/pare.ts';

/** Paths of files that may differ in their bytes, and in nothing else. */
export interface Exemption {
  readonly path: RegExp;
  readonly why: string;
  /** What must be equal of the bytes; default nothing. */
  readonly part?: (bytes: Buffer) => unknown;
}

export interface Comparison {
  /** What nothing in the table lets through, a line each; empty where the images are equal. */
  readonly differences: readonly string[];
  readonly exempted: readonly { readonly path: string; readonly exemption: Exemption }[];
  /** Everything but directories, in the second image. */
  readonly files: number;
  /** Bytes of the regular files of the second image. */
  readonly unpacked: number;
}

interface Node {
  readonly kind: string;
  readonly size?: number;
}

/** `pare diff --json`, as far as it is read here. */
interface DiffDocument {
  readonly files: readonly { path: string; before?: Node; after?: Node; aspects: readonly string[] }[];
  readonly packages?: readonly { name: string; before: readonly string[]; after: readonly string[] }[];
  readonly config: readonly { field: string; before?: string; after?: string }[];
  readonly sizes: { readonly after: { readonly unpacked: number; readonly files: number } };
}

type FileDifference = DiffDocument['files'][number];

/** @param before reference of an image, as `after`; @param home a store for what has to be kept meanwhile */
export async function compareImages(
  before: string,
  after: string,
  table: readonly Exemption[],
  home: string,
): Promise<Comparison> {
  const env = { PARE_HOME: home };
  const { status, stdout, stderr } = await pare(['diff', '--json', before, after], { env });
  if (status !== 0 && status !== 1) throw new Error(`pare diff ended with ${status}: ${stderr}`);
  const found = JSON.parse(stdout) as DiffDocument;
  await using a = await openRoot(before, { env });
  await using b = await openRoot(after, { env });
  const [treeBefore, treeAfter] = [await a.tree(), await b.tree()];
  const exempted: Comparison['exempted'][number][] = [];
  const differences: string[] = [];
  for (const file of found.files) {
    const isOfContent = isDeepStrictEqual(file.aspects, ['content']);
    const exemption = isOfContent ? table.find(({ path }) => path.test(file.path)) : undefined;
    if (exemption === undefined) differences.push(lineOf(file));
    else if (await samePart(file, exemption, treeBefore, treeAfter)) exempted.push({ path: file.path, exemption });
    else differences.push(`${lineOf(file)}, also in what has to be equal of it (${exemption.why})`);
  }
  for (const { name, before: old, after: now } of found.packages ?? [])
    differences.push(`package ${name}: ${old.join(' ')} → ${now.join(' ')}`);
  for (const { field, before: old, after: now } of found.config) differences.push(`config ${field}: ${old} → ${now}`);
  const { files, unpacked } = found.sizes.after;
  return { differences, exempted, files, unpacked };
}

async function samePart({ path }: FileDifference, { part }: Exemption, a: Tree, b: Tree): Promise<boolean> {
  return part === undefined || isDeepStrictEqual(part(await bytesOf(a, path)), part(await bytesOf(b, path)));
}

async function bytesOf(tree: Tree, path: string): Promise<Buffer> {
  const node = nodeAt(tree, path);
  if (node?.kind !== 'file') throw new Error(`${path} is no file`);
  return Buffer.from(await readFileNode(node));
}

function lineOf({ path, before, after, aspects }: FileDifference): string {
  if (before === undefined) return `+ ${path} ${describe(after)}`;
  if (after === undefined) return `- ${path} ${describe(before)}`;
  return `~ ${path} ${aspects.join(' ')}`;
}

function describe(node: Node | undefined): string {
  return node?.size === undefined ? (node?.kind ?? '') : `${node.kind}, ${node.size} bytes`;
}

/** Text without what looks like a time, so that logs can be compared. */
export function withoutTimes(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/\d{4}-\d\d-\d\d {1,2}\d\d:\d\d:\d\d/g, '(time)');
}
