/** Packing from references to references: opens what is read, packs, and writes what comes of it. @module */
import { canonicalJson } from '../base/json.ts';
import { PARE_EVIDENCE } from '../formats/oci/media-types.ts';
import { diff } from '../model/diff.ts';
import type { Evidence } from '../model/evidence.ts';
import type { Root } from '../ports/root.ts';
import { evidenceOf } from '../rules/closure/evidence.ts';
import { openSink } from '../sinks.ts';
import { type Access, openRoot } from '../sources.ts';
import { pack } from '../transforms/pack/pack.ts';
import type { Packed } from '../transforms/pack/types.ts';
import type { NewImage, SavedImage } from '../transforms/save/image.ts';
import { saveImage } from '../transforms/save/save.ts';
import { type Base, openBase } from './base.ts';
import { type PackOptions, recipeOf, requestOf } from './recipe.ts';
import { findShell } from './shell.ts';

export interface Packing extends AsyncDisposable {
  readonly packed: Packed;
  /** Why everything is in it. */
  evidence(): Promise<Evidence>;
  /** Writes the image, with its evidence where the place can hold it. @param reference of an image */
  save(reference: string): Promise<SavedImage>;
}

/**
 * Works out what goes in; nothing is written before {@link Packing.save}. The sources stay open until it is disposed of.
 * @throws ImageError
 */
export async function openPacking(options: PackOptions, access: Access): Promise<Packing> {
  await using open = new AsyncDisposableStack();
  const source = open.use(await openRoot(options.from ?? 'host:', access));
  const passwd = await textOf(source, '/etc/passwd');
  const request = requestOf(options, { platform: source.platform, passwd });
  const base = open.use(await openBase(options.base, { ...access, platform: source.platform }));
  const packed = await pack({
    ...request,
    source: { files: source.files, platform: source.platform, config: source.config?.config },
    shell: options.shell === undefined ? undefined : await findShell(options.shell, source, access, open),
    base: base,
  });
  const recipe = recipeOf(options, packed.platform, base?.digest);
  const evidence = async () => evidenceOf({ ...packed, request: recipe });
  const opened = open.move();
  return {
    packed,
    evidence,
    save: async (reference) => {
      await using sink = await openSink(reference, access);
      const attachments = sink.withoutReferrers
        ? []
        : [{ artifactType: PARE_EVIDENCE, bytes: canonicalJson(await evidence()) }];
      return await saveImage(newImage(packed, base), sink, { attachments }, access.run);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function textOf({ files }: Root, path: string): Promise<string> {
  const found = await files.resolve(path);
  return found.kind === 'found' && found.node.kind === 'file'
    ? new TextDecoder().decode(await files.read(found.node))
    : '';
}

function newImage({ platform, config, time, tree }: Packed, base: Base | undefined): NewImage {
  const created = timestamp(time);
  if (base?.layers === undefined) return { platform, config, created, layers: [{ kind: 'made', content: tree }] };
  const { tree: below, layers, history } = base;
  return {
    platform,
    config,
    created,
    layers: [...layers, { kind: 'made', content: diff(below, tree), below }],
    history: [...history, { created, created_by: 'pare pack' }],
  };
}

function timestamp(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
