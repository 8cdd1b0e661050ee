/** The evidence of an image: what travels with it, or what can be told by looking at it again. @module */
import { isRootReference, parseReference } from '../formats/reference/parse.ts';
import type { Evidence } from '../model/evidence.ts';
import { parseEvidence } from '../model/evidence-schema.ts';
import type { Tree } from '../model/tree.ts';
import { evidenceOf } from '../rules/closure/evidence.ts';
import { judge } from '../rules/closure/verdict/verdict.ts';
import { createFacts } from '../rules/facts.ts';
import { RULES } from '../rules/table.ts';
import { type Access, type OpenImage, openImage, openRoot } from '../sources.ts';
import { attachedBytes } from './attached-evidence.ts';
import { recipeOf } from './recipe.ts';

export interface Explained extends AsyncDisposable {
  readonly evidence: Evidence;
  readonly tree: Tree;
  /** Whether it came with the image; else it says what the image's own programs use of it. */
  readonly travelled: boolean;
}

/** @throws ImageError */
export async function openEvidence(reference: string, access: Access): Promise<Explained> {
  if (!isRootReference(parseReference(reference))) {
    await using stack = new AsyncDisposableStack();
    const opened = stack.use(await openImage(reference, access));
    const evidence = await attached(opened, access);
    if (evidence !== undefined) {
      const kept = stack.move();
      const dispose = () => kept.disposeAsync();
      return { evidence, tree: opened.image.tree, travelled: true, [Symbol.asyncDispose]: dispose };
    }
  }
  return recomputed(reference, access);
}

/** The evidence among the image's referrers, if there is any. @throws ImageError INVALID where it is broken */
export async function attached({ descriptor, source }: OpenImage, { run }: Access): Promise<Evidence | undefined> {
  const bytes = await attachedBytes(source, descriptor, run);
  return bytes === undefined ? undefined : parseEvidence(bytes);
}

/** What the config's programs use of the tree, by the same rules. */
async function recomputed(reference: string, access: Access): Promise<Explained> {
  const root = await openRoot(reference, access);
  const config = root.config?.config ?? {};
  const tree = await root.tree();
  const facts = createFacts(root.files, { config, platform: root.platform, cpu: 'baseline' });
  const { closure } = await judge({ facts, rules: RULES });
  const placed = [...closure.kept.values()].map((kept) => ({
    path: kept.path,
    origin: kept.path,
    node: kept.node,
    kept,
  }));
  const request = recipeOf({ programs: [] }, root.platform, undefined);
  const evidence = await evidenceOf({ facts, request, closure, placed, made: [] });
  return { evidence, tree, travelled: false, [Symbol.asyncDispose]: () => root[Symbol.asyncDispose]() };
}
