/** `pare index`: several images under one name. @module */

import { Argument } from 'commander';
import { countOf } from '../../base/count.ts';
import { ImageError } from '../../base/errors.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import { formatPlatform, parsePlatform } from '../../model/platform.ts';
import { type IndexEdit, openIndexing, readIndexAt } from '../../operations/index.ts';
import type { Written } from '../../operations/pack.ts';
import { type Access, openSource } from '../../sources.ts';
import { machinePlatform } from '../../system/machine.ts';
import type { CommandModule, Context } from '../command.ts';
import type { DerivingOptions } from '../deriving.ts';
import { table } from '../render/table.ts';
import { collect, pairs } from '../words.ts';
import { checkPlaces, printWritten } from '../written.ts';

interface Options extends DerivingOptions {
  readonly annotation?: readonly string[];
  readonly entryAnnotation?: readonly string[];
  readonly artifact?: true;
  readonly artifactType?: string;
}

const ACTIONS = ['create', 'add', 'remove', 'inspect'] as const;

const HELP = `
  create IMAGE…               an index of these images, for the platforms that their configs state
  add INDEX IMAGE…            one for a platform that is there already takes its place
  remove INDEX WHICH…         a platform, or the digest of an entry
  inspect INDEX               what is in it
Images come with everything, byte for byte; of an index all that is in it. add and remove write the index back where it was,
unless -o or -t says otherwise.

Examples:
  pare index create app:amd64 app:arm64 -t app
  pare index add app oci:riscv -o oci:out
  pare index remove app linux/arm/v7
  pare index add app --artifact sbom.json --artifact-type application/spdx+json`;

export const index: CommandModule = {
  configure(command, context) {
    command
      .addArgument(new Argument('<action>', `what to do: ${ACTIONS.join(', ')}`).argParser(actionOf))
      .argument('<refs...>', 'the index, where there is one; then images, or what to remove')
      .option('--platform <os/arch>', 'of each image that comes in, this platform alone')
      .option('--annotation <name=value>', 'annotate the index', collect)
      .option('--entry-annotation <name=value>', 'annotate the entries that come in', collect)
      .option('--artifact', 'add files as an artifact in place of images')
      .option('--artifact-type <type>', 'media type of the artifact', 'application/vnd.unknown.artifact.v1')
      .option('-o, --output <ref>', 'write the index there; may be repeated', collect)
      .option('-t, --tag <name>', 'name it in the store', collect)
      .addHelpText('after', HELP)
      .action(async (action: (typeof ACTIONS)[number], words: readonly string[], options: Options) => {
        const session = context();
        const access = accessOf(session, options);
        if (action === 'inspect') return inspect(words, access, session);
        await edit(action, words, options, access, session);
      });
  },
};

function actionOf(text: string): (typeof ACTIONS)[number] {
  const action = ACTIONS.find((one) => one === text);
  if (action !== undefined) return action;
  throw new ImageError('USAGE', `${text} is no action of index: it can be ${ACTIONS.join(', ')}`, {
    hint: '"pare help index" says what they do',
  });
}

function accessOf({ env, run, insecure }: Context, { platform }: Options): Access {
  const wanted = platform === undefined ? {} : { platform: parsePlatform(platform, machinePlatform()) };
  return { env, run, insecure, ...wanted };
}

async function edit(
  action: 'create' | 'add' | 'remove',
  words: readonly string[],
  options: Options,
  access: Access,
  context: Context,
): Promise<void> {
  const started = performance.now();
  const { output = [], tag = [] } = options;
  const places = [...output, ...tag];
  checkPlaces(places, context);
  const [reference, rest] = action === 'create' ? [undefined, words] : [words[0], words.slice(1)];
  if (rest.length === 0) {
    throw new ImageError('USAGE', `pare index ${action} INDEX …: ${action === 'add' ? 'an image' : 'what'} is missing`);
  }
  await using indexing = await openIndexing(reference, editOf(action, rest, options), access);
  const fallbackName = reference ?? 'index';
  const written: Written[] = [];
  for (const place of places.length > 0 ? places : [fallbackName]) {
    written.push(await indexing.save(place, { names: tag }));
  }
  const seconds = Number(((performance.now() - started) / 1000).toFixed(3));
  for (const { reference: place } of written) context.note(`${place}: ${countText(indexing.entries)}, ${seconds} s`);
  context.note(entriesText(indexing.entries));
  printWritten(written, () => ({ written, manifests: indexing.entries.map(documentOf), seconds }), context);
}

function editOf(action: 'create' | 'add' | 'remove', words: readonly string[], options: Options): IndexEdit {
  const annotations = { annotations: pairs(options.annotation ?? []) };
  if (action === 'remove') return { remove: words, ...annotations };
  const { artifact, artifactType = '' } = options;
  return {
    ...(artifact === true ? { artifact: { files: words, artifactType } } : { images: words }),
    ...annotations,
    entryAnnotations: pairs(options.entryAnnotation ?? []),
  };
}

async function inspect([reference = '', ...more]: readonly string[], access: Access, context: Context): Promise<void> {
  if (more.length > 0) throw new ImageError('USAGE', 'pare index inspect takes one index');
  await using source = await openSource(reference, access);
  const { root, index } = await readIndexAt(source, access.run);
  const { manifests, annotations } = index;
  if (!context.json) return context.print(entriesText(manifests));
  const { digest, mediaType } = root;
  const said = annotations === undefined ? {} : { annotations };
  context.printJson({ reference, digest, mediaType, ...said, manifests: manifests.map(documentOf) });
}

function countText(entries: readonly Descriptor[]): string {
  return countOf(entries.length, 'entry', 'entries');
}

function entriesText(entries: readonly Descriptor[]): string {
  return table(
    [{ title: 'PLATFORM' }, { title: 'DIGEST' }, { title: 'TYPE' }],
    entries.map(({ platform, digest, artifactType, mediaType }) => [
      platform === undefined ? '' : formatPlatform(platform),
      digest,
      artifactType ?? mediaType,
    ]),
  );
}

function documentOf({ digest, mediaType, size, platform, artifactType, annotations }: Descriptor) {
  return {
    digest,
    mediaType,
    size,
    ...(platform === undefined ? {} : { platform: formatPlatform(platform) }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}
