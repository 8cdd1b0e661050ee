/** What can be changed of an image without touching its layers. @module */
import type { Healthcheck, Platform } from '../../formats/oci/types.ts';

/** Every field is optional; what is not given stays. */
export interface Edits {
  /** `NAME=VALUE`, in order: replaced where they stand, else added at the end. */
  readonly env?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** `8080/tcp` */
  readonly expose?: readonly string[];
  readonly volumes?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  readonly stopSignal?: string;
  readonly healthcheck?: Healthcheck;
  readonly author?: string;
  /** RFC 3339. */
  readonly created?: string;
  readonly platform?: Platform;
  /** Removed before anything is set. */
  readonly unset?: readonly Unset[];
}

/** Fields that hold several things by name. */
export const NAMED_FIELDS = ['env', 'label', 'annotation', 'expose', 'volume'] as const;
/** Fields that are there or not. */
export const PLAIN_FIELDS = [
  'entrypoint',
  'cmd',
  'user',
  'workdir',
  'stop-signal',
  'healthcheck',
  'author',
  'created',
] as const;

export type NamedField = (typeof NAMED_FIELDS)[number];
export type PlainField = (typeof PLAIN_FIELDS)[number];

/** A field as a whole, or one thing in it. */
export type Unset =
  | { readonly field: NamedField; readonly name: string | undefined }
  | { readonly field: PlainField; readonly name: undefined };
