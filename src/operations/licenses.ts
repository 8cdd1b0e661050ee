/** The licences of what is in an image. @module */
import type { EvidencePackage } from '../model/evidence.ts';
import { walk } from '../model/tree.ts';
import { treeFiles } from '../ports/tree-files.ts';
import { licensesOf } from '../rules/packages/licenses.ts';
import { openPackages } from '../rules/packages/open.ts';
import type { Package } from '../rules/packages/types.ts';
import type { Access, OpenImage } from '../sources.ts';
import { attached } from './evidence.ts';

/**
 * The packages of the image's files, sorted by name: as its evidence says, else as its own package database and the copyright
 * files in it say. Empty where it has neither.
 */
export async function licensesOfImage(opened: OpenImage, access: Access): Promise<readonly EvidencePackage[]> {
  const evidence = await attached(opened, access);
  if (evidence !== undefined) return evidence.packages;
  const { tree } = opened.image;
  const files = treeFiles(tree);
  const database = await openPackages(files);
  const owners = new Map<string, Package>();
  for (const { path, node } of walk(tree)) {
    const owner = node.kind === 'file' ? await database.owner(path) : undefined;
    if (owner !== undefined) owners.set(owner.name, owner);
  }
  const names = [...owners.keys()].sort();
  return Promise.all(names.map(async (name) => licensed(owners.get(name) as Package)));

  async function licensed(one: Package): Promise<EvidencePackage> {
    const found = await licensesOf(files, one);
    return {
      kind: one.kind,
      name: one.name,
      version: one.version,
      ...(found === undefined ? {} : { licenses: found.names }),
      ...(found?.basis === 'referred' ? { referred: true } : {}),
    };
  }
}
