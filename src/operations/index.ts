/** Indexes of several images, from references to references. @module */
import { ImageError } from '../base/errors.ts';
import { canonicalJson } from '../base/json.ts';
import { isIndexType, OCI_INDEX } from '../formats/oci/media-types.ts';
import { parseIndex } from '../formats/oci/parse.ts';
import { joinedReferrers, NO_REFERRERS, type Referrers } from '../formats/oci/referrers.ts';
import type { Descriptor, Index } from '../formats/oci/types.ts';
import { parsePlatform } from '../model/platform.ts';
import type { Sink, Source } from '../ports/content-store.ts';
import { pushDocument } from '../ports/push-document.ts';
import type { Run } from '../ports/run.ts';
import { readDocument } from '../ports/verified.ts';
import { openSink, type SinkOptions } from '../sinks.ts';
import { type Access, openSource } from '../sources.ts';
import { machinePlatform } from '../system/machine.ts';
import { type CopiedDocument, copyDocument } from '../transforms/copy/copy.ts';
import { entriesOf } from '../transforms/index/describe.ts';
import { parseRemoval, withEntries, withoutEntries } from '../transforms/index/entries.ts';
import { resolvePlatform } from '../transforms/load/platform.ts';
import { type Artifact, type ArtifactFiles, openArtifact } from './artifact.ts';
import { warnOfLeft } from './going-with.ts';
import type { Written } from './pack.ts';

type Annotations = Readonly<Record<string, string>>;

export interface IndexEdit {
  /** Images whose entries come in, in this order; of an index, all of its entries. */
  readonly images?: readonly string[];
  /** Files that come in as one artifact. */
  readonly artifact?: ArtifactFiles | undefined;
  /** Platforms or digests of entries that go. */
  readonly remove?: readonly string[];
  /** Of the index, added to those that it has. */
  readonly annotations?: Annotations;
  /** Of the entries that come in. */
  readonly entryAnnotations?: Annotations;
}

export interface Indexing extends AsyncDisposable {
  readonly entries: readonly Descriptor[];
  save(reference: string, naming?: SinkOptions): Promise<Written>;
}

/** An entry, and how it and all that it speaks of get into a sink. */
interface Entry {
  readonly descriptor: Descriptor;
  /** What the user has called it by; undefined for what was made here. */
  readonly from?: string;
  write(sink: Sink, run: Run): Promise<CopiedDocument>;
}

/**
 * An index made anew, or what becomes of one that is there: an image for a platform that it has takes the other's place.
 * @param reference of the index to be edited; undefined for a new one
 * @throws ImageError USAGE where the reference is no index; CONFLICT where a new index would have two images of one platform
 */
export async function openIndexing(reference: string | undefined, edit: IndexEdit, access: Access): Promise<Indexing> {
  await using stack = new AsyncDisposableStack();
  const { images = [], artifact, remove = [], annotations = {}, entryAnnotations = {} } = edit;
  const before = reference === undefined ? undefined : await openIndex(reference, access, stack);
  const added = (await Promise.all(images.map((image) => openEntries(image, access, stack)))).flat();
  if (artifact !== undefined) added.push(madeEntry(stack.use(await openArtifact(artifact, access.run))));
  const marked = added.map((entry) => withAnnotations(entry, entryAnnotations));
  const removals = remove.map((text) => parseRemoval(text, (platform) => parsePlatform(platform, machinePlatform())));
  const left = withoutEntries(before?.index.manifests ?? [], removals);
  const entries = withEntries(
    left,
    descriptorsOf(marked),
    before === undefined ? 'refuse' : 'replace',
    calledBy(marked),
  );
  const known = new Map([...(before?.entries ?? []), ...marked].map((entry) => [entry.descriptor.digest, entry]));
  const all = { ...before?.index.annotations, ...annotations };
  const frame = { ...before?.index, ...(Object.keys(all).length === 0 ? {} : { annotations: all }) };
  // Not where one of these was refused: then nothing becomes of it.
  before?.warn();
  const open = stack.move();
  return {
    entries,
    save: (to, naming) =>
      save(
        entries.map((one) => [one, known.get(one.digest)]),
        frame,
        { to, naming, access },
      ),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** Messages name an image as the user does. */
function calledBy(entries: readonly Entry[]): (descriptor: Descriptor) => string {
  const from = new Map(entries.map((entry) => [entry.descriptor.digest, entry.from]));
  return ({ digest }) => from.get(digest) ?? digest;
}

function descriptorsOf(entries: readonly Entry[]): Descriptor[] {
  return entries.map(({ descriptor }) => descriptor);
}

/** The index that a reference names. @throws ImageError USAGE where it is none */
export async function readIndexAt(source: Source, run?: Run): Promise<{ root: Descriptor; index: Index }> {
  const root = await source.resolve(run);
  if (!isIndexType(root.mediaType)) {
    throw new ImageError('USAGE', `${source.reference} is no index: it is one image`, {
      hint: `make one of it: pare index create ${source.reference} -o REF`,
    });
  }
  return { root, index: parseIndex(await readDocument(source, root, run), root) };
}

async function openIndex(reference: string, access: Access, stack: AsyncDisposableStack) {
  const source = stack.use(await openSource(reference, access));
  const { root, index } = await readIndexAt(source, access.run);
  const left = (await source.referrers(root.digest, access.run)).length;
  const warn = () => warnOfLeft(source, left, access.run);
  return { index, entries: index.manifests.map((entry) => copied(source, entry)), warn };
}

async function openEntries(reference: string, access: Access, stack: AsyncDisposableStack): Promise<Entry[]> {
  const source = stack.use(await openSource(reference, access));
  const { platform: wanted, run } = access;
  const named = await source.resolve(run);
  const choice = { wanted, machine: machinePlatform() };
  const root = wanted === undefined ? named : await resolvePlatform(source, named, choice, run);
  const entries = await entriesOf(source, root, run);
  return entries.map((entry) => ({ ...copied(source, entry), from: reference }));
}

function copied(source: Source, descriptor: Descriptor): Entry {
  return { descriptor, write: (sink, run) => copyDocument(source, sink, descriptor, run) };
}

function madeEntry({ descriptor, write }: Artifact): Entry {
  return {
    descriptor,
    write: async (sink, run) => ({ descriptor: await write(sink, run), referrers: NO_REFERRERS }),
  };
}

function withAnnotations(entry: Entry, annotations: Annotations): Entry {
  const { descriptor } = entry;
  if (Object.keys(annotations).length === 0) return entry;
  return { ...entry, descriptor: { ...descriptor, annotations: { ...descriptor.annotations, ...annotations } } };
}

interface Place {
  readonly to: string;
  readonly naming: SinkOptions | undefined;
  readonly access: Access;
}

async function save(
  entries: readonly (readonly [Descriptor, Entry | undefined])[],
  frame: Partial<Index>,
  { to, naming, access }: Place,
): Promise<Written> {
  await using sink = await openSink(to, access, naming);
  const { run = {} } = access;
  if (sink.layerCompression !== undefined) {
    throw new ImageError('USAGE', `${to} holds single images, and no index`, {
      hint: 'write oci:DIR, oci-archive:FILE or NAME',
    });
  }
  const manifests: Descriptor[] = [];
  const referrers: Referrers[] = [];
  for (const [described, entry] of entries) {
    const { descriptor: written = described, referrers: more } = (await entry?.write(sink, run)) ?? {};
    if (more !== undefined) referrers.push(more);
    // What was compressed on the way has another digest; what the entry says of it stays.
    manifests.push({ ...described, mediaType: written.mediaType, digest: written.digest, size: written.size });
  }
  const index: Index = { ...frame, schemaVersion: 2, mediaType: OCI_INDEX, manifests };
  const root = await pushDocument(sink, OCI_INDEX, canonicalJson(index), run);
  await sink.commit(root, { referrers: joinedReferrers(referrers) }, run);
  return { reference: to, digest: root.digest };
}
