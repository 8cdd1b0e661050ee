/** Where two images, or root filesystems, differ. @module */
import { ImageError } from '../base/errors.ts';
import type { ImageConfig } from '../formats/oci/types.ts';
import { isRootReference, parseReference } from '../formats/reference/parse.ts';
import type { Difference } from '../model/difference.ts';
import { countFiles, type Tree, unpackedSize } from '../model/tree.ts';
import { treeFiles } from '../ports/tree-files.ts';
import { openPackages } from '../rules/packages/open.ts';
import { type Access, type OpenImage, openImage, openRoot } from '../sources.ts';
import { compareConfigs, type FieldChange } from '../transforms/compare/config.ts';
import { compareFiles } from '../transforms/compare/files.ts';
import { comparePackages, type PackageChange, type PackageVersion } from '../transforms/compare/packages.ts';
import { attached } from './evidence.ts';

export type DiffSection = 'files' | 'packages' | 'config';

export interface DiffOptions {
  /** Default all that both can be asked about: a root filesystem has no config, and not every image says which packages it has. */
  readonly sections?: readonly DiffSection[];
  /** Whether times count: of files, and when the image was created. Default false. */
  readonly times?: boolean;
}

export interface ImageDiff {
  /** Whether nothing that was looked at differs; sizes follow from it, or from the compression. */
  readonly same: boolean;
  /** In the order of paths. Absent: not looked at. */
  readonly files?: readonly Difference[];
  readonly packages?: readonly PackageChange[];
  readonly config?: readonly FieldChange[];
  readonly sizes: { readonly before: ImageSizes; readonly after: ImageSizes };
}

export interface ImageSizes {
  /** Bytes of the regular files, a hard-linked one once. */
  readonly unpacked: number;
  /** Everything but directories. */
  readonly files: number;
  /** Bytes of the layers as they are stored, and how many there are; a root filesystem has none. */
  readonly compressed?: number;
  readonly layers?: number;
}

interface Opened {
  readonly reference: string;
  readonly tree: Tree;
  readonly image: OpenImage | undefined;
}

/** @throws ImageError USAGE where the config of a root filesystem is asked for; NOT_FOUND for packages of one that does not tell */
export async function diffReferences(
  before: string,
  after: string,
  options: DiffOptions,
  access: Access,
): Promise<ImageDiff> {
  const { sections, times = false } = options;
  await using stack = new AsyncDisposableStack();
  const [a, b] = [await open(before, access, stack), await open(after, access, stack)];
  const looksAt = (section: DiffSection) => sections?.includes(section) ?? true;
  const files = looksAt('files')
    ? await Array.fromAsync(compareFiles(a.tree, b.tree, { times }, access.run))
    : undefined;
  const packages = looksAt('packages') ? await packageChanges(a, b, sections !== undefined, access) : undefined;
  const configs = looksAt('config') ? configsOf(a, b, sections !== undefined) : undefined;
  const config = configs && compareConfigs(...configs, { times });
  return {
    same: [files, packages, config].every((found) => found === undefined || found.length === 0),
    ...(files === undefined ? {} : { files }),
    ...(packages === undefined ? {} : { packages }),
    ...(config === undefined ? {} : { config }),
    sizes: { before: sizesOf(a), after: sizesOf(b) },
  };
}

async function open(reference: string, access: Access, stack: AsyncDisposableStack): Promise<Opened> {
  if (isRootReference(parseReference(reference))) {
    const root = stack.use(await openRoot(reference, access));
    return { reference, tree: await root.tree(), image: undefined };
  }
  const image = stack.use(await openImage(reference, access));
  return { reference, tree: image.image.tree, image };
}

/** Undefined where one of them does not tell, and nobody asks. */
async function packageChanges(a: Opened, b: Opened, isAskedFor: boolean, access: Access) {
  const [before, after] = [await packagesOf(a, access), await packagesOf(b, access)];
  if (before !== undefined && after !== undefined) return comparePackages(before, after);
  if (!isAskedFor) return undefined;
  const { reference } = before === undefined ? a : b;
  throw new ImageError('NOT_FOUND', `nothing says which packages ${reference} is made of`, {
    hint: 'images that pare packs carry evidence of it; others need their package database',
  });
}

/** As its evidence says where the image has some: a packed one has no database; else as the database says. */
async function packagesOf({ tree, image }: Opened, access: Access): Promise<readonly PackageVersion[] | undefined> {
  const evidence = image === undefined ? undefined : await attached(image, access);
  if (evidence !== undefined) return evidence.packages;
  const database = await openPackages(treeFiles(tree));
  return database.kind === undefined ? undefined : database.all();
}

function configsOf(a: Opened, b: Opened, isAskedFor: boolean): [ImageConfig, ImageConfig] | undefined {
  if (a.image !== undefined && b.image !== undefined) return [a.image.image.config, b.image.image.config];
  if (!isAskedFor) return undefined;
  const { reference } = a.image === undefined ? a : b;
  throw new ImageError('USAGE', `${reference} is a root filesystem, and has no config to compare`);
}

function sizesOf({ tree, image }: Opened): ImageSizes {
  const own = { unpacked: unpackedSize(tree), files: countFiles(tree) };
  const layers = image?.image.source?.manifest.layers;
  if (layers === undefined) return own;
  return { ...own, compressed: layers.reduce((sum, { size }) => sum + size, 0), layers: layers.length };
}
