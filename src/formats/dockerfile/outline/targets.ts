/** The stages that a Dockerfile has, for `build --call=targets`. @module */
import type { Dockerfile, Range } from '../types.ts';
import { descriptionOf } from './describe.ts';

export interface Target {
  /** Undefined for a stage without AS. */
  readonly name: string | undefined;
  /** What is built without `--target`. */
  readonly isDefault: boolean;
  readonly description: string | undefined;
  /** As written. */
  readonly base: string;
  readonly platform: string | undefined;
  /** Of FROM. */
  readonly range: Range;
}

/** In the order of the file. */
export function targetsOf({ stages }: Dockerfile): readonly Target[] {
  return stages.map(({ name, base, platform, comments, range }, index) => ({
    name,
    isDefault: index === stages.length - 1,
    description: descriptionOf(comments, name ?? ''),
    base: base.text,
    platform: platform?.text,
    range,
  }));
}
