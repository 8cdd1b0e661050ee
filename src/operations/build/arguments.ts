/**
 * Arguments that speak to the builder and not to the Dockerfile, by their names in BuildKit's reference and source; `docs/build.md`
 * has the same table.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { PROXY_ARGS, platformArgs } from '../../builders/dockerfile/scope.ts';
import { isDockerFrontend, parseBoolean } from '../../formats/dockerfile/directives.ts';
import type { Dockerfile } from '../../formats/dockerfile/types.ts';
import { machinePlatform } from '../../system/machine.ts';
import type { BuildOptions } from './options.ts';

type Args = BuildOptions['args'];

export type BuilderArgument =
  | { readonly kind: 'honoured' }
  /** What it asks for is so in any case, or is nothing that pare has. */
  | { readonly kind: 'passed over'; readonly why: string }
  /** Whatever is not false is an error. */
  | { readonly kind: 'refused'; readonly why: string };

const HONOURED: BuilderArgument = { kind: 'honoured' };
const NO_ATTESTATIONS: BuilderArgument = { kind: 'passed over', why: 'no bill of materials is made while building' };

export const BUILDER_ARGUMENTS: Readonly<Record<string, BuilderArgument>> = {
  SOURCE_DATE_EPOCH: HONOURED,
  BUILDKIT_SANDBOX_HOSTNAME: HONOURED,
  BUILDKIT_CONTEXT_KEEP_GIT_DIR: HONOURED,
  BUILDKIT_MULTI_PLATFORM: HONOURED,
  BUILDKIT_CACHE_MOUNT_NS: HONOURED,
  BUILDKIT_DOCKERFILE_CHECK: HONOURED,
  BUILDKIT_SYNTAX: HONOURED,
  BUILDKIT_INLINE_CACHE: HONOURED,
  BUILDKIT_GIT_ADVICE: { kind: 'passed over', why: "git's advice is not shown" },
  BUILDKIT_GIT_DEBUG_COMMANDS: { kind: 'passed over', why: 'what git says is in the message when it fails' },
  BUILDKIT_BUILD_NAME: { kind: 'passed over', why: 'builds are listed nowhere' },
  BUILDKIT_INLINE_BUILDINFO_ATTRS: { kind: 'passed over', why: 'BuildKit itself writes no build information any more' },
  BUILDKIT_SBOM_SCAN_CONTEXT: NO_ATTESTATIONS,
  BUILDKIT_SBOM_SCAN_STAGE: NO_ATTESTATIONS,
  BUILDKIT_DISABLE_ONBUILD: { kind: 'refused', why: 'what a base asks for with ONBUILD is done' },
  BUILDKIT_DISABLE_FILEOP: { kind: 'refused', why: 'BuildKit has given it up in version 0.11' },
};

/** @throws ImageError USAGE for one that is refused */
export function assertArguments(args: Args): void {
  for (const [name, value] of args) {
    const known = BUILDER_ARGUMENTS[name];
    if (known?.kind !== 'refused' || parseBoolean(value) === false || value === '') continue;
    throw new ImageError('USAGE', `--build-arg ${name}=${value} is not for pare: ${known.why}`);
  }
}

/** @returns whether it is set, and true */
export function isSet(args: Args, name: keyof typeof BUILDER_ARGUMENTS): boolean {
  return parseBoolean(args.get(name) ?? '') ?? false;
}

/**
 * Nothing is fetched for `# syntax=` and what takes its place: Docker's own language is read here, and no other.
 * @throws ImageError UNSUPPORTED
 */
export function assertFrontend({ name, directives: { syntax } }: Dockerfile, args: Args): void {
  const given = args.get('BUILDKIT_SYNTAX')?.trim().split(' ')[0];
  const wanted = given || syntax?.text;
  if (wanted === undefined || wanted === 'dockerfile.v0' || isDockerFrontend(wanted)) return;
  throw new ImageError('UNSUPPORTED', `${name} is written for the frontend ${wanted}, and pare runs none`, {
    hint: 'the language of docker/dockerfile is built in: leave "# syntax=" out where the file is written in it',
  });
}

/** `--build-arg` for a name that no ARG declares is mostly a mistake. */
export function warnOfArguments({ globalArgs, stages }: Dockerfile, { args, report }: BuildOptions): void {
  const instructions = [...globalArgs, ...stages.flatMap((stage) => stage.instructions)];
  const declared = instructions.flatMap((one) => (one.kind === 'arg' ? one.args.map(({ name }) => name.text) : []));
  const platform = machinePlatform();
  const known = new Set([
    ...declared,
    ...PROXY_ARGS,
    ...platformArgs(platform, platform, '').keys(),
    ...Object.keys(BUILDER_ARGUMENTS),
  ]);
  const unused = [...args.keys()].filter((name) => !known.has(name));
  if (unused.length > 0)
    report({ kind: 'warning', text: `no ARG declares ${unused.join(', ')}, given with --build-arg` });
}
