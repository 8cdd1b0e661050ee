/** What could be smaller of an image that was built. @module */
import type { State } from '../../builders/dockerfile/state.ts';
import { isOn } from '../../formats/dockerfile/lint/lint.ts';
import type { Dockerfile } from '../../formats/dockerfile/types.ts';
import { makesLayer } from '../../model/stack.ts';
import type { ContentDigests } from '../../ports/build-memory.ts';
import { treeFiles } from '../../ports/tree-files.ts';
import type { SizeHint } from '../../transforms/waste/built.ts';
import { wasteOf } from '../../transforms/waste/waste.ts';

export interface HintOptions {
  readonly dockerfile: Dockerfile;
  readonly contents: ContentDigests;
  /** Whether the layers became one: then it does not matter which of them removed what. */
  readonly squash: boolean;
}

/** Largest first, without what the file's `# check=skip=` leaves out. */
export async function hintsOf(
  state: State,
  { dockerfile, contents, squash }: HintOptions,
): Promise<readonly SizeHint[]> {
  const { tree, layers } = await state.root();
  const base = state.before.filter(makesLayer).length;
  const made = state.told.filter(({ hasLayer }) => hasLayer);
  const built = {
    layers: layers.map(({ changes }, i) => ({ changes, by: i < base ? undefined : (made[i - base]?.text ?? '') })),
    tree,
    files: treeFiles(tree),
    config: state.config,
    digestOf: async (file: Parameters<ContentDigests['of']>[0]) => contents.of(file),
  };
  const { check } = dockerfile.directives;
  const inLayers = new Set(['RemovedInLaterLayer', 'ChangedInLaterLayer']);
  return (await wasteOf(built)).filter(({ rule }) => isOn(rule, check) && !(squash && inLayers.has(rule)));
}
