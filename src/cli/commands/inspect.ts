/** `pare inspect REF`: what an image is. @module */
import type { z } from 'zod';
import { ImageError } from '../../base/errors.ts';
import { collect } from '../../base/stream.ts';
import { familiarRepository } from '../../formats/reference/docker.ts';
import { parseReference } from '../../formats/reference/parse.ts';
import type { EvidencePackage } from '../../model/evidence.ts';
import { parsePlatform } from '../../model/platform.ts';
import { licensesOfImage } from '../../operations/licenses.ts';
import { type Access, type OpenImage, openImage, openSource } from '../../sources.ts';
import { machinePlatform } from '../../system/machine.ts';
import { describeImage, type ImageReport } from '../../transforms/describe/report.ts';
import type { CommandModule, Context } from '../command.ts';
import { type DockerNames, dockerShape } from '../inspect/docker-shape.ts';
import { imageText, licenseText } from '../inspect/text.ts';
import type { inspectSchema } from '../schema/inspect.ts';
import { renderTemplate } from '../template/render.ts';

interface Options {
  readonly licenses?: true;
  readonly raw?: true;
  readonly config?: true;
  readonly format?: string;
  readonly platform?: string;
}

const HELP = `
--format knows of Go's templates: fields, variables, pipelines, if, else, with, range, end, comments, {{- and -}}; and the
functions json, index, len, slice, join, split, lower, upper, title, truncate, print, println, printf (%s %v %d %q), eq, ne,
lt, le, gt, ge, and, or, not. What they get has the shape of "docker image inspect".

Examples:
  pare inspect redis
  pare inspect --format '{{json .Config.Env}}' redis
  pare inspect --format '{{range $name, $value := .Config.Labels}}{{println $name $value}}{{end}}' redis
  pare inspect --raw redis                    the manifest, byte for byte
  pare inspect --licenses redis               of the packages that its files come from`;

export const inspect: CommandModule = {
  configure(command, context) {
    command
      .argument('<ref>', 'image')
      .option('-f, --format <template>', "as docker's --format: a Go template, or json")
      .option('--licenses', 'the packages its files come from, and their licences')
      .option('--raw', 'the manifest as it is stored; of an index, the index')
      .option('--config', 'with --raw: the config instead')
      .option('--platform <os/arch>', 'which image of several')
      .addHelpText('after', HELP)
      .action(async (reference: string, options: Options) => {
        const session = context();
        const access = accessOf(session, options.platform);
        if (options.raw === true) return session.write(await rawDocument(reference, options, access));
        if (options.config === true) throw new ImageError('USAGE', '--config goes with --raw');
        await using opened = await openImage(reference, access);
        const report = describeImage(opened.image, opened.descriptor);
        const packages = options.licenses === true ? await licensesOfImage(opened, access) : undefined;
        if (options.format !== undefined && options.format !== 'json') {
          const shape = dockerShape(report, opened.image.config, namesOf(reference, report));
          return session.print(renderTemplate(options.format, shape));
        }
        if (session.json || options.format === 'json') {
          return session.printJson(documentOf(reference, opened, report, packages));
        }
        session.print(packages === undefined ? imageText(reference, report) : licensesOr(packages, reference));
      });
  },
};

export function accessOf({ env, run, insecure }: Context, platform: string | undefined): Access {
  return {
    env,
    run,
    insecure,
    ...(platform === undefined ? {} : { platform: parsePlatform(platform, machinePlatform()) }),
  };
}

/** The exact bytes: of what the reference names, or of the one image of it that is asked for. */
async function rawDocument(reference: string, { config, platform }: Options, access: Access): Promise<Uint8Array> {
  if (config === true || platform !== undefined) {
    await using opened = await openImage(reference, access);
    const { source } = opened.image;
    const bytes = config === true ? source?.rawConfig : source?.rawManifest;
    if (bytes === undefined) throw new ImageError('NOT_FOUND', `${reference} has no stored manifest`);
    return bytes;
  }
  await using source = await openSource(reference, access);
  const descriptor = await source.resolve(access.run);
  return collect(source.fetch(descriptor, access.run), descriptor.size, 'the manifest');
}

function namesOf(reference: string, { digest }: ImageReport): DockerNames {
  const parsed = parseReference(reference);
  const named = parsed.kind === 'store' || parsed.kind === 'docker' ? parsed.named : undefined;
  if (named === undefined) return { tags: [], digests: [] };
  const name = familiarRepository(named);
  return { tags: named.tag === undefined ? [] : [`${name}:${named.tag}`], digests: [`${name}@${digest}`] };
}

function documentOf(
  reference: string,
  { index }: OpenImage,
  report: ImageReport,
  packages: readonly EvidencePackage[] | undefined,
): z.infer<typeof inspectSchema> {
  const { platform, config, layers, ...rest } = report;
  const { os, architecture, variant } = platform;
  return {
    reference,
    ...(index === undefined ? {} : { index: index.digest }),
    ...rest,
    platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
    config: { ...config },
    layers: [...layers],
    ...(packages === undefined
      ? {}
      : { packages: packages.map(({ licenses, ...one }) => withLicenses(one, licenses)) }),
  };
}

function withLicenses(one: Omit<EvidencePackage, 'licenses'>, licenses: readonly string[] | undefined) {
  return licenses === undefined ? one : { ...one, licenses: [...licenses] };
}

function licensesOr(packages: readonly EvidencePackage[], reference: string): string {
  if (packages.length > 0) return licenseText(packages);
  throw new ImageError('NOT_FOUND', `nothing says which packages ${reference} is made of`, {
    hint: 'images that pare packs carry evidence of it; others need their package database',
  });
}
