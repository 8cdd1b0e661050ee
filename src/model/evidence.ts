/**
 * The evidence of an image as a document: why every file is in it, what was looked for and not found, what was there and not
 * taken. It travels with the image as a referrer of the type `application/vnd.pare.evidence.v1+json`; docs/evidence.md
 * explains it. The same source gives the same bytes: it names no machine, no time and no path outside the source.
 * @module
 */
import type { LayerForm } from '../formats/layer/form.ts';

/** Bytes of the whole document; some 250 for each file of an image. */
export const EVIDENCE_LIMIT = 256 * 1024 * 1024;

/** Paths are the image's, where the file is in the image; else the source's. */
export interface Evidence {
  readonly schemaVersion: 1;
  /** What was asked for: with it the image can be made again from the same source. */
  readonly request: PackRecipe;
  readonly source: EvidenceSource;
  /** Sorted by path. */
  readonly files: readonly EvidenceFile[];
  /** The packages that files name, sorted by name. */
  readonly packages: readonly EvidencePackage[];
  /** What rules wanted and the source does not have. */
  readonly missing: readonly EvidenceMiss[];
  /** What was there and was left out, sorted by path. */
  readonly left: readonly EvidenceLeft[];
}

/** The options of `pare pack` that decide what goes in; without those that say where the image goes. */
export interface PackRecipe {
  readonly programs: readonly string[];
  readonly args: readonly string[];
  readonly dest?: string;
  readonly add: readonly string[];
  readonly sodir?: string;
  readonly exclude: readonly string[];
  readonly with: readonly string[];
  readonly without: readonly string[];
  readonly suggested: boolean;
  readonly cpu: string;
  readonly platform: string;
  readonly user?: string;
  readonly env: readonly string[];
  readonly workdir?: string;
  readonly volumes: readonly string[];
  readonly expose: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly stopSignal?: string;
  readonly shell?: string;
  /** How the layer is stored, where it was said; else gzip. */
  readonly compression?: LayerForm;
  /** Digest of the base image's manifest. */
  readonly base?: string;
  /** SOURCE_DATE_EPOCH, where it was set. */
  readonly time?: number;
}

export interface EvidenceSource {
  /** `linux/arm64`. */
  readonly platform: string;
  /** ID, VERSION_ID, PRETTY_NAME … of os-release(5), where the source has one. */
  readonly os?: Readonly<Record<string, string>>;
}

export type EvidenceStrength = 'required' | 'recommended' | 'suggested';

export interface EvidenceFile {
  readonly path: string;
  /** Path in the source, where it is another. */
  readonly origin?: string;
  readonly kind: 'file' | 'symlink' | 'dir' | 'char' | 'block' | 'fifo';
  /** Of a regular file. */
  readonly size?: number;
  readonly sha256?: string;
  /** Pare made it: the source has no such file, or another. */
  readonly made?: true;
  readonly package?: { readonly kind: string; readonly name: string; readonly version: string };
  /** Of the strongest chain of reasons. */
  readonly strength: EvidenceStrength;
  /** The first is of the strongest chain. */
  readonly reasons: readonly EvidenceReason[];
}

export interface EvidencePackage {
  readonly kind: string;
  readonly name: string;
  readonly version: string;
  /** Expressions as the package writes them; absent where it says nothing that is understood. */
  readonly licenses?: readonly string[];
  /** Present where they are only the texts that the package's copyright file refers to: it may say more. */
  readonly referred?: true;
}

/** Completes "PATH is there because FROM …". */
export interface EvidenceReason {
  readonly rule: string;
  readonly strength: EvidenceStrength;
  readonly because: string;
  /** Absent: the user or the image's config wants it. */
  readonly from?: string;
  /** The path it was asked for by, where links lead from there. */
  readonly as?: string;
}

export interface EvidenceMiss {
  readonly reason: EvidenceReason;
  /** Paths that were looked at, in order. */
  readonly tried: readonly string[];
  /** Code of the finding it is, if it is one. */
  readonly code?: string;
}

export interface EvidenceLeft {
  readonly path: string;
  /** `suggested`: only some uses want it; `excluded`: the user said so; `denied`: never goes in by itself. */
  readonly why: 'suggested' | 'excluded' | 'denied';
  readonly detail?: string;
  readonly reason: EvidenceReason;
}
