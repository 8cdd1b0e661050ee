/**
 * pare as a library: what the command line does, as functions. All of them take references as the command line does
 * (`redis`, `oci:DIR`, `host:` …, docs/reference.md), throw {@link ImageError}, and leave nothing half-written.
 * @module
 */

import type { Platform, RunConfig } from './formats/oci/types.ts';
import type { Evidence } from './model/evidence.ts';
import { unpackedSize } from './model/tree.ts';
import { checkReference } from './operations/check.ts';
import { type CopyRequest, copy as copyReference } from './operations/copy.ts';
import { type DiffOptions, diffReferences, type ImageDiff } from './operations/diff.ts';
import { type Extracted, type ExtractRequest, extract as extractRoot } from './operations/extract.ts';
import { type MergeOptions, openMerging } from './operations/merge.ts';
import { openPacking, type Written } from './operations/pack.ts';
import type { PackOptions } from './operations/recipe.ts';
import {
  whyNot as explainAbsence,
  why as explainPresence,
  type WhyAnswer,
  type WhyNotAnswer,
} from './operations/why.ts';
import type { Run } from './ports/run.ts';
import type { Finding } from './rules/finding.ts';
import type { Conflict } from './transforms/merge/types.ts';

export { type ErrorCode, ImageError } from './base/errors.ts';
export type { LayerForm } from './formats/layer/form.ts';
export type { ImageFormat } from './formats/oci/image-format.ts';
export type { Platform, RunConfig } from './formats/oci/types.ts';
export type { Evidence, EvidenceFile, EvidenceReason } from './model/evidence.ts';
export type { Chain } from './model/explain.ts';
export type { ImageDiff } from './operations/diff.ts';
export type { Extracted } from './operations/extract.ts';
export type { Written } from './operations/pack.ts';
export type { PackOptions } from './operations/recipe.ts';
export type { WhyAnswer, WhyNotAnswer } from './operations/why.ts';
export type { Progress, Run } from './ports/run.ts';
export type { Finding, FindingCode, Severity } from './rules/finding.ts';
export type { Conflict } from './transforms/merge/types.ts';

/** What every function can be handed besides. */
export interface CallOptions extends Run {
  /** Where the store is: PARE_HOME, XDG_DATA_HOME, HOME. Default the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface PackCall extends PackOptions, CallOptions {
  /** References to write to: images, or `rootfs:DIR` and `tar:FILE`. None: nothing is written, for a look beforehand. */
  readonly output?: string | readonly string[];
  /** Write also what the check says would not work. */
  readonly force?: boolean;
}

/** What an image of the programs is. */
export interface PackResult {
  /** One for each output; none where the check found errors and `force` was not given. */
  readonly written: readonly Written[];
  readonly config: RunConfig;
  readonly platform: Platform;
  /** Bytes of the regular files, a hard-linked one once. */
  readonly unpacked: number;
  /** What the check says of it, most severe first. */
  readonly findings: readonly Finding[];
  /** Every file, and why it is there. */
  readonly evidence: Evidence;
}

/** Programs and all they need, as an image. Without `output` nothing is written. */
export async function pack(call: PackCall): Promise<PackResult> {
  const { output = [], force = false, environment, signal, report, ...options } = call;
  await using packing = await openPacking(options, accessOf({ environment, signal, report }));
  const { config, platform, tree, findings } = packing.packed;
  const stopped = !force && findings.some(({ severity }) => severity === 'error');
  const written: Written[] = [];
  for (const reference of stopped ? [] : [output].flat()) written.push(await packing.save(reference));
  return { written, config, platform, unpacked: unpackedSize(tree), findings, evidence: await packing.evidence() };
}

export interface CheckCall extends CallOptions {
  /** `CODE` or `CODE:GLOB`: findings that are not told. */
  readonly ignore?: readonly string[];
  /** CPU level whose library variants count; default `baseline`. */
  readonly cpu?: string;
}

/** Whether what the reference names will start, and what of it is better not there: most severe first. */
export async function check(reference: string, call: CheckCall = {}): Promise<readonly Finding[]> {
  const { environment, signal, report, ...options } = call;
  return (await checkReference(reference, options, accessOf({ environment, signal, report }))).findings;
}

export interface WhyCall extends CallOptions {
  /** Every reason of every file on the way; default the strongest. */
  readonly all?: boolean;
}

/** Why a path is in an image: chains of reasons down to the program. */
export async function why(reference: string, path: string, call: WhyCall = {}): Promise<WhyAnswer> {
  const { all = false, ...rest } = call;
  return explainPresence(reference, path, { all }, accessOf(rest));
}

export interface WhyNotCall extends CallOptions {
  /** Where the image's programs came from: needed where no evidence travels with it. */
  readonly from?: string;
}

/** Why a path is not in an image: what was left out, and what was looked for in vain. */
export async function whyNot(reference: string, path: string, call: WhyNotCall = {}): Promise<WhyNotAnswer> {
  const { from, ...rest } = call;
  return explainAbsence(reference, path, { from }, accessOf(rest));
}

export interface CopyCall extends CallOptions, Omit<CopyRequest, 'from' | 'to'> {}

/** Copies an image or a root filesystem from one reference to another; images keep their digests unless more is asked for. */
export async function copy(from: string, to: string, call: CopyCall = {}): Promise<void> {
  const { environment, signal, report, ...options } = call;
  await copyReference({ ...options, from, to }, accessOf({ environment, signal, report }));
}

export interface MergeCall extends CallOptions, Omit<MergeOptions, 'references'> {
  /** References to write to. None: nothing is written, for a look at the conflicts. */
  readonly output?: string | readonly string[];
}

export interface MergeResult {
  /** One for each output; none where there are conflicts. */
  readonly written: readonly Written[];
  /** What the images say differently, and no rule or preference settles: by place. */
  readonly conflicts: readonly Conflict[];
}

/** Several images, or root filesystems, as one. */
export async function merge(references: readonly string[], call: MergeCall = {}): Promise<MergeResult> {
  const { output = [], environment, signal, report, ...options } = call;
  await using merging = await openMerging({ ...options, references }, accessOf({ environment, signal, report }));
  const { conflicts } = merging;
  const written: Written[] = [];
  for (const reference of conflicts.length > 0 ? [] : [output].flat()) written.push(await merging.save(reference));
  return { written, conflicts };
}

export interface DiffCall extends CallOptions, DiffOptions {}

/** Where two images, or root filesystems, differ. */
export async function diff(before: string, after: string, call: DiffCall = {}): Promise<ImageDiff> {
  const { environment, signal, report, ...options } = call;
  return diffReferences(before, after, options, accessOf({ environment, signal, report }));
}

export interface ExtractCall extends CallOptions, Partial<Omit<ExtractRequest, 'reference' | 'directory'>> {}

/** Writes a root filesystem, or some paths of it, into a directory, which has to be new or empty unless `existing` says otherwise. */
export async function extract(reference: string, directory: string, call: ExtractCall = {}): Promise<Extracted> {
  const { environment, signal, report, paths = [], existing = 'refuse' } = call;
  return extractRoot({ reference, directory, paths, existing }, accessOf({ environment, signal, report }));
}

/** The environment is read when a function is called, and not when the library is loaded. */
function accessOf({ environment = process.env, signal, report }: CallOptions | Loose) {
  return { env: environment, run: { ...(signal && { signal }), ...(report && { report }) } };
}

/** The same, where an option that is not given is undefined. */
type Loose = { readonly [K in keyof CallOptions]: CallOptions[K] | undefined };
