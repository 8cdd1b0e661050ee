/** Verbs that make an image of another: where it goes, and what is said of it. @module */
import type { Command, Option } from 'commander';
import { basename } from '../base/path.ts';
import { parseReference } from '../formats/reference/parse.ts';
import { parsePlatform } from '../model/platform.ts';
import type { Deriving } from '../operations/derive.ts';
import type { Written } from '../operations/pack.ts';
import type { Access } from '../sources.ts';
import { machinePlatform } from '../system/machine.ts';
import type { Context } from './command.ts';
import { derivedDocument, derivedText } from './render/derived.ts';
import { collect, layerFormOption, sourceDate } from './words.ts';
import { checkPlaces, printWritten } from './written.ts';

export interface DerivingOptions {
  readonly platform?: string;
  readonly output?: readonly string[];
  readonly tag?: readonly string[];
}

export function outputOptions(command: Command): void {
  command
    .optionsGroup('Where to:')
    .option('--platform <os/arch>', 'one image of an index; default every one, as an index again')
    .option('-o, --output <ref>', 'write the image there; may be repeated', collect)
    .option('-t, --tag <name>', 'name the image in the store', collect);
}

export function compressionOption(): Option {
  return layerFormOption('of layers that are made').default('gzip');
}

export interface DerivingJob {
  readonly context: Context;
  readonly options: DerivingOptions;
  /** What it is made of. */
  readonly reference: string;
  /** What it is called where the user gives it no name: the source's name with this tag. */
  readonly tag: string;
  /** @param time SOURCE_DATE_EPOCH */
  open(access: Access, time: number | undefined): Promise<Deriving>;
}

/** Opens, writes to every place, prints the digest and, for people, the sizes. */
export async function runDeriving({ context, options, reference, tag, open }: DerivingJob): Promise<void> {
  const started = performance.now();
  const { env, run, insecure } = context;
  const { platform, output = [], tag: tags = [] } = options;
  const places = [...output, ...tags];
  checkPlaces(places, context);
  const wanted = platform === undefined ? {} : { platform: parsePlatform(platform, machinePlatform()) };
  await using deriving = await open({ env, run, insecure, ...wanted }, sourceDate(env));
  const fallbackName = derivedName(reference, tag);
  const written: Written[] = [];
  for (const place of places.length > 0 ? places : [fallbackName]) {
    written.push(await deriving.save(place, { names: tags, fallbackName }));
  }
  const seconds = Number(((performance.now() - started) / 1000).toFixed(3));
  const result = { written, images: deriving.images, reference, seconds };
  context.note(derivedText(result));
  printWritten(written, () => derivedDocument(result), context);
}

/** `docker.io/me/redis:7` → `redis:squashed`; `oci:some/Dir` → `dir:squashed`. */
export function derivedName(reference: string, tag: string): string {
  const parsed = parseReference(reference);
  const named = 'named' in parsed ? parsed.named : undefined;
  const path = named?.path ?? ('path' in parsed ? parsed.path : '');
  const name = basename(path)
    .toLowerCase()
    .replace(/\.(?:tar|tgz|oci)(?:\..*)?$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return `${name === '' ? 'image' : name}:${tag}`;
}
