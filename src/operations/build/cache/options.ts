/** Where a build's memory comes from and goes to, besides the store. @module */
import type { Digest } from '../../../base/digest.ts';
import type { LayerForm } from '../../../formats/layer/form.ts';
import type { LayoutReference, Reference, RemoteReference } from '../../../formats/reference/parse.ts';

/** `--cache-from` */
export interface CacheSource {
  /** As the user wrote it. */
  readonly text: string;
  /** The first of them that is there. */
  readonly places: readonly Reference[];
  /** Of a manifest in a layout, in place of a name. */
  readonly digest: Digest | undefined;
}

/** `--cache-to` */
export interface CacheTarget {
  /** As the user wrote it. */
  readonly text: string;
  /** Undefined: the config of the images that are built. */
  readonly place: LayoutReference | RemoteReference | undefined;
  /** `min`: steps that led to the result; `max`: those of all stages. */
  readonly mode: 'min' | 'max';
  /** Undefined: layers stay as they are stored, and those that are stored nowhere are gzip. */
  readonly compression: LayerForm | undefined;
  /** Whether a failure is a warning. */
  readonly ignoreError: boolean;
  /** Ids of cache mounts whose content goes with it. */
  readonly mounts: 'all' | readonly string[];
}
