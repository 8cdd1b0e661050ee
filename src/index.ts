/**
 * pare as a library: what the command line does, as functions. All of them take references as the command line does
 * (`redis`, `oci:DIR`, `host:` …, docs/reference.md), throw {@link ImageError}, and leave nothing half-written.
 * @module
 */

import type { Descriptor, Platform, RunConfig } from './formats/oci/types.ts';
import type { Evidence } from './model/evidence.ts';
import { unpackedSize } from './model/tree.ts';
import { type AppendRequest, openAppending } from './operations/append.ts';
import { checkReference } from './operations/check.ts';
import { type Copied, type CopyRequest, copy as copyReference } from './operations/copy.ts';
import type { Deriving, Edited } from './operations/derive.ts';
import { type DiffOptions, diffReferences, type ImageDiff } from './operations/diff.ts';
import { type Extracted, type ExtractRequest, extract as extractRoot } from './operations/extract.ts';
import { type IndexEdit, openIndexing } from './operations/index.ts';
import { type LoggedIn, type LoginRequest, login as logIn, logout as logOut } from './operations/login.ts';
import { type MergeOptions, openMerging } from './operations/merge.ts';
import { openMutation } from './operations/mutate.ts';
import { openPacking, type Written } from './operations/pack.ts';
import { listTags, type Pulled, type PullRequest, pull as pullImage, type Tags } from './operations/pull.ts';
import { openRebasing, type RebaseOptions } from './operations/rebase.ts';
import type { PackOptions } from './operations/recipe.ts';
import {
  type Deleted,
  deleteImage as deleteInRegistry,
  type Pushed,
  type PushRequest,
  push as pushImage,
} from './operations/registry.ts';
import { openSquashing, type SquashRequest } from './operations/squash.ts';
import {
  whyNot as explainAbsence,
  why as explainPresence,
  type WhyAnswer,
  type WhyNotAnswer,
} from './operations/why.ts';
import type { Run } from './ports/run.ts';
import type { Finding } from './rules/finding.ts';
import type { Access } from './sources.ts';
import type { Conflict } from './transforms/merge/types.ts';
import type { Edits } from './transforms/mutate/edits.ts';

export { type ErrorCode, ImageError } from './base/errors.ts';
export type { LayerForm } from './formats/layer/form.ts';
export type { ImageFormat } from './formats/oci/image-format.ts';
export type { Descriptor, Platform, RunConfig } from './formats/oci/types.ts';
export type { Evidence, EvidenceFile, EvidenceReason } from './model/evidence.ts';
export type { Chain } from './model/explain.ts';
export type { Copied } from './operations/copy.ts';
export type { Edited } from './operations/derive.ts';
export type { ImageDiff } from './operations/diff.ts';
export type { Extracted } from './operations/extract.ts';
export type { IndexEdit } from './operations/index.ts';
export type { LoggedIn, LoginRequest } from './operations/login.ts';
export type { Written } from './operations/pack.ts';
export type { Pulled, Tags } from './operations/pull.ts';
export type { PackOptions } from './operations/recipe.ts';
export type { Deleted, Pushed } from './operations/registry.ts';
export type { WhyAnswer, WhyNotAnswer } from './operations/why.ts';
export type { Progress, Run } from './ports/run.ts';
export type { Finding, FindingCode, Severity } from './rules/finding.ts';
export type { Conflict } from './transforms/merge/types.ts';
export type { Edits } from './transforms/mutate/edits.ts';

/** What every function can be handed besides. */
export interface CallOptions extends Run {
  /** Where the store is: PARE_HOME, XDG_DATA_HOME, HOME. Default the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Plain HTTP or unverified TLS for every registry. */
  readonly insecure?: boolean;
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
  const [access, { output = [], force = false, ...options }] = split(call);
  await using packing = await openPacking(options, access);
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
  const [access, options] = split(call);
  return (await checkReference(reference, options, access)).findings;
}

export interface WhyCall extends CallOptions {
  /** Every reason of every file on the way; default the strongest. */
  readonly all?: boolean;
}

/** Why a path is in an image: chains of reasons down to the program. */
export async function why(reference: string, path: string, call: WhyCall = {}): Promise<WhyAnswer> {
  const [access, { all = false }] = split(call);
  return explainPresence(reference, path, { all }, access);
}

export interface WhyNotCall extends CallOptions {
  /** Where the image's programs came from: needed where no evidence travels with it. */
  readonly from?: string;
}

/** Why a path is not in an image: what was left out, and what was looked for in vain. */
export async function whyNot(reference: string, path: string, call: WhyNotCall = {}): Promise<WhyNotAnswer> {
  const [access, { from }] = split(call);
  return explainAbsence(reference, path, { from }, access);
}

export interface CopyCall extends CallOptions, Omit<CopyRequest, 'from' | 'to'> {}

/** Copies an image or a root filesystem from one reference to another; images keep their digests unless more is asked for. */
export async function copy(from: string, to: string, call: CopyCall = {}): Promise<Copied> {
  const [access, options] = split(call);
  return copyReference({ ...options, from, to }, access);
}

export interface PullCall extends CallOptions, Omit<PullRequest, 'reference'> {}

/** An image from its registry into the store, whatever the store has under its name. */
export async function pull(reference: string, call: PullCall = {}): Promise<Pulled> {
  const [access, options] = split(call);
  return pullImage({ ...options, reference }, access);
}

export interface PushCall extends CallOptions, Omit<PushRequest, 'image'> {}

/** An image of the store into a registry: under its own name, unless `to` says otherwise. */
export async function push(image: string, call: PushCall = {}): Promise<Pushed> {
  const [access, options] = split(call);
  return pushImage({ ...options, image }, access);
}

/** The tags of a repository at its registry. */
export async function tags(repository: string, call: CallOptions = {}): Promise<Tags> {
  return listTags(repository, split(call)[0]);
}

/** Takes `docker://NAME:TAG` (the name alone) or `docker://NAME@DIGEST` (the image) away from its registry. */
export async function deleteImage(reference: string, call: CallOptions = {}): Promise<Deleted> {
  return deleteInRegistry(reference, split(call)[0]);
}

/** Asks the registry whether it knows the user, and keeps the credentials where Docker and others find them as well. */
export async function login(request: LoginRequest, call: CallOptions = {}): Promise<LoggedIn> {
  return logIn(request, split(call)[0]);
}

/** Forgets the credentials for a registry. */
export async function logout(registry: string, call: CallOptions = {}): Promise<void> {
  await logOut(registry, split(call)[0]);
}

export interface DeriveCall extends CallOptions {
  /** References to write to. None: nothing is written, for a look beforehand. */
  readonly output?: string | readonly string[];
  /** One image of an index; default every one, as an index again. */
  readonly platform?: Platform;
}

/** What became of an image, or of each image of an index. */
export interface DeriveResult {
  /** One for each output. */
  readonly written: readonly Written[];
  readonly images: readonly Edited[];
}

export interface SquashCall extends DeriveCall, SquashRequest {}

/** All layers as one, or those above the ones that stay. */
export async function squash(reference: string, call: SquashCall = {}): Promise<DeriveResult> {
  return derive(call, (access) => openSquashing(reference, call, access));
}

export interface RebaseCall extends DeriveCall, RebaseOptions {}

/** Another base below the layers that an image has on top of its own. */
export async function rebase(reference: string, call: RebaseCall): Promise<DeriveResult> {
  return derive(call, (access) => openRebasing(reference, call, access));
}

export interface AppendCall extends DeriveCall, AppendRequest {}

/** Layers on top of an image, or of `scratch`. */
export async function append(reference: string, call: AppendCall): Promise<DeriveResult> {
  return derive(call, (access) => openAppending(reference, call, access));
}

export interface MutateCall extends DeriveCall {
  readonly edits: Edits;
  /** Of `created`, in seconds since the epoch; default as it is. */
  readonly time?: number;
}

/** Another config over the same layers. */
export async function mutate(reference: string, call: MutateCall): Promise<DeriveResult> {
  return derive(call, (access) => openMutation(reference, call.edits, call.time, access));
}

export interface IndexCall extends CallOptions, IndexEdit {
  /** The index that is edited; none: a new one. */
  readonly reference?: string;
  /** References to write to. None: nothing is written, for a look beforehand. */
  readonly output?: string | readonly string[];
}

export interface IndexResult {
  readonly written: readonly Written[];
  readonly entries: readonly Descriptor[];
}

/** Several images under one name: a new index, or one with entries added and removed. */
export async function index(call: IndexCall): Promise<IndexResult> {
  const [access, { reference, output = [], ...edit }] = split(call);
  await using indexing = await openIndexing(reference, edit, access);
  const written: Written[] = [];
  for (const place of [output].flat()) written.push(await indexing.save(place));
  return { written, entries: indexing.entries };
}

async function derive(call: DeriveCall, open: (access: Access) => Promise<Deriving>): Promise<DeriveResult> {
  const [access, { output = [], platform }] = split(call);
  await using deriving = await open({ ...access, ...(platform && { platform }) });
  const written: Written[] = [];
  for (const place of [output].flat()) written.push(await deriving.save(place));
  return { written, images: deriving.images };
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
  const [access, { output = [], ...options }] = split(call);
  await using merging = await openMerging({ ...options, references }, access);
  const { conflicts } = merging;
  const written: Written[] = [];
  for (const reference of conflicts.length > 0 ? [] : [output].flat()) written.push(await merging.save(reference));
  return { written, conflicts };
}

export interface DiffCall extends CallOptions, DiffOptions {}

/** Where two images, or root filesystems, differ. */
export async function diff(before: string, after: string, call: DiffCall = {}): Promise<ImageDiff> {
  const [access, options] = split(call);
  return diffReferences(before, after, options, access);
}

export interface ExtractCall extends CallOptions, Partial<Omit<ExtractRequest, 'reference' | 'directory'>> {}

/** Writes a root filesystem, or some paths of it, into a directory, which has to be new or empty unless `existing` says otherwise. */
export async function extract(reference: string, directory: string, call: ExtractCall = {}): Promise<Extracted> {
  const [access, { paths = [], existing = 'refuse' }] = split(call);
  return extractRoot({ reference, directory, paths, existing }, access);
}

/** What every call has, as access, and its own. The environment is read now, and not when the library is loaded. */
function split<T extends CallOptions>(call: T): [access: Access, own: Omit<T, keyof CallOptions>] {
  const { environment = process.env, signal, report, insecure = false, ...own } = call;
  return [{ env: environment, insecure, run: { ...(signal && { signal }), ...(report && { report }) } }, own];
}
