/**
 * Archives older than Docker 1.10 (Docker Image Specification v1.0): one directory for each layer, named by its id, with
 * `json` and `layer.tar`; the layers are a chain by the field `parent`, and `repositories` names the top of it.
 * @module
 */
import type { DiffId } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { canonicalJson, isObject } from '../../base/json.ts';
import { printableName } from '../../base/names.ts';
import { MANIFEST_LIMIT } from '../../formats/oci/parse.ts';
import type { History } from '../../formats/oci/types.ts';
import type { Run } from '../../ports/run.ts';
import { type Archive, readMember } from '../../system/archive.ts';
import { diffIdOf, memberOf } from './layers.ts';
import { parseLegacyJson } from './manifest-file.ts';

/** Docker itself stops at 127 layers. */
const MAX_LAYERS = 1000;

/** Fields of a layer's json that are the chain's, and not the image's. */
const CHAIN_FIELDS: ReadonlySet<string> = new Set(['id', 'parent', 'parent_id', 'layer_id', 'throwaway', 'Size']);

/**
 * The config that Docker makes of the chain (moby `image/v1`, MakeConfigFromV1Config), and the names of the layers' members.
 * Every layer is read once, for its digest.
 */
export async function readLegacy(
  archive: Archive,
  top: string,
  run: Run,
): Promise<{ readonly config: Uint8Array; readonly layers: readonly string[]; readonly diffIds: readonly DiffId[] }> {
  const chain = await readChain(archive, top);
  const layers = chain.map(({ id }) => `${id}/layer.tar`);
  const diffIds: DiffId[] = [];
  for (const layer of layers) diffIds.push(await diffIdOf(archive, layer, run));
  const image = chain.at(-1)?.json ?? {};
  const fields = Object.entries(image).filter(([key]) => !CHAIN_FIELDS.has(key));
  const config = canonicalJson({
    // Docker of that time wrote neither where they were its own.
    architecture: 'amd64',
    os: 'linux',
    ...Object.fromEntries(fields),
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: chain.map(({ json }) => historyOf(json)),
  });
  return { config, layers, diffIds };
}

interface Link {
  readonly id: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Base layer first. */
async function readChain(archive: Archive, top: string): Promise<readonly Link[]> {
  const chain: Link[] = [];
  const seen = new Set<string>();
  for (let id: string | undefined = top; id !== undefined; ) {
    if (!/^[0-9a-f]{1,128}$/.test(id)) {
      throw new ImageError('INVALID', `${archive.path}: "${printableName(id.slice(0, 100))}" is no layer's id`);
    }
    if (seen.has(id) || seen.size >= MAX_LAYERS) {
      throw new ImageError('INVALID', `${archive.path}: the layers below ${top.slice(0, 12)} have no end`);
    }
    seen.add(id);
    const name = `${id}/json`;
    const json = parseLegacyJson(await readMember(memberOf(archive, name), MANIFEST_LIMIT, name), name);
    chain.push({ id, json });
    id = json.parent;
  }
  return chain.reverse();
}

function historyOf(json: Readonly<Record<string, unknown>>): History {
  const { created, author, comment, container_config: made } = json;
  const command = isObject(made) && Array.isArray(made['Cmd']) ? made['Cmd'].filter(isText).join(' ') : undefined;
  return {
    ...(isText(created) ? { created } : {}),
    ...(isText(author) && author !== '' ? { author } : {}),
    ...(command === undefined || command === '' ? {} : { created_by: command }),
    ...(isText(comment) && comment !== '' ? { comment } : {}),
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
