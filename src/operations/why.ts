/** Why a path is in an image, and why it is not. @module */
import { ImageError } from '../base/errors.ts';
import { cleanPath } from '../base/path.ts';
import type { Evidence, EvidenceFile } from '../model/evidence.ts';
import { type Absence, absenceOf, type Chain, chainOf, filesBelow, spellings } from '../model/explain.ts';
import { resolve } from '../model/resolve.ts';
import { nodeAt, type Tree } from '../model/tree.ts';
import { neverByPath } from '../rules/never.ts';
import { type Access, openRoot } from '../sources.ts';
import { openEvidence } from './evidence.ts';
import { openPacking } from './pack.ts';
import type { PackOptions } from './recipe.ts';

export interface WhyAnswer {
  readonly path: string;
  /** Whether the evidence came with the image; else it is what its own programs use of it. */
  readonly travelled: boolean;
  /** Links that lead from the path as given to where it is. */
  readonly through: readonly string[];
  /** The path's own, where it is a link; and that of the file or directory at the end. */
  readonly chains: readonly Chain[];
  /** Of a directory: what is below it. */
  readonly below: readonly EvidenceFile[];
}

/** @throws ImageError NOT_FOUND where the image has no such path */
export async function why(
  reference: string,
  path: string,
  options: { all: boolean },
  access: Access,
): Promise<WhyAnswer> {
  await using explained = await openEvidence(reference, access);
  const { evidence, tree, travelled } = explained;
  const wanted = cleanPath(`/${path}`);
  const ends = placesOf(tree, wanted);
  if (ends.length === 0) {
    throw new ImageError('NOT_FOUND', `${reference} has no ${wanted}`, {
      hint: `ask why not: pare why-not ${reference} ${wanted}`,
    });
  }
  const last = ends.at(-1) as string;
  const own = resolve(tree, wanted, { follow: false });
  const told = new Set([...(own.kind === 'found' ? [own.path] : []), last]);
  const chains = [...told].flatMap((end) => chainOf(evidence, end, options) ?? []);
  const through = ends.filter((end) => !told.has(end));
  return { path: wanted, travelled, through, chains, below: chains.length > 0 ? [] : filesBelow(evidence, last) };
}

/** Links on the way, and where it ends. */
function placesOf(tree: Tree, path: string): string[] {
  const end = resolve(tree, path);
  const links = end.hops.map((hop) => hop.path);
  if (end.kind === 'found') return [...links, end.path];
  return nodeAt(tree, path) === undefined ? [] : links;
}

export interface WhyNotAnswer extends Absence {
  readonly path: string;
  /** Whether the source has it; undefined where no source was given. */
  readonly inSource: boolean | undefined;
  /** Why it would not go in by itself whatever asked for it: it is on the list of what never does. */
  readonly never: string | undefined;
}

export interface WhyNotOptions {
  /** Where the programs came from: needed where no evidence came with the image. */
  readonly from?: string | undefined;
}

/** @throws ImageError CONFLICT where the image has the path, USAGE where a source is needed */
export async function whyNot(
  reference: string,
  path: string,
  { from }: WhyNotOptions,
  access: Access,
): Promise<WhyNotAnswer> {
  await using explained = await openEvidence(reference, access);
  const { evidence, tree, travelled } = explained;
  const wanted = cleanPath(`/${path}`);
  if (resolve(tree, wanted).kind === 'found') {
    throw new ImageError('CONFLICT', `${reference} has ${wanted}`, {
      hint: `ask why: pare why ${reference} ${wanted}`,
    });
  }
  if (!travelled && from === undefined) {
    throw new ImageError('USAGE', `no evidence travels with ${reference}: it does not say what was left out`, {
      hint: 'say where its programs came from, with --from REF',
    });
  }
  const told = from === undefined || travelled ? evidence : await packedAgain(reference, from, access);
  const found = from === undefined ? undefined : await lookFor(from, wanted, access);
  const ways = [...new Set([...spellings(tree, wanted), ...(found?.ways ?? [])])];
  const listed = neverByPath();
  return {
    path: wanted,
    ...absenceOf(told, ways),
    inSource: found?.there,
    never: ways.map(listed).find((why) => why !== undefined),
  };
}

/** Whether a root has the path, and where it or its end really is. */
async function lookFor(from: string, path: string, access: Access): Promise<{ there: boolean; ways: string[] }> {
  await using root = await openRoot(from, access);
  const ends = [await root.files.resolve(path, { follow: false }), await root.files.resolve(path)];
  const ways = ends.flatMap((end) => (end.kind === 'found' ? [end.path] : []));
  return { there: ends.at(-1)?.kind === 'found', ways };
}

/** What packing the image's own program from the source would say. */
async function packedAgain(reference: string, from: string, access: Access): Promise<Evidence> {
  await using root = await openRoot(reference, access);
  const config = root.config?.config ?? {};
  const [program, ...args] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  if (program === undefined) throw new ImageError('UNSUPPORTED', `${reference} names no program to look at`);
  const options: PackOptions = { programs: [program], args, from, env: config.Env ?? [] };
  await using packing = await openPacking(options, access);
  return packing.evidence();
}
