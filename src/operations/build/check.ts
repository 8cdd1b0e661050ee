/** What there is to say of a Dockerfile without building it: its checks, its targets, what they take. @module */
import { excerpt } from '../../builders/dockerfile/failure.ts';
import { assertSound } from '../../builders/dockerfile/soundness.ts';
import { inFileOrder, lint } from '../../formats/dockerfile/lint/lint.ts';
import type { LintFinding } from '../../formats/dockerfile/lint/report.ts';
import { lintSize } from '../../formats/dockerfile/lint/size/size.ts';
import { parseDockerfile } from '../../formats/dockerfile/parse.ts';
import type { Dockerfile, Range } from '../../formats/dockerfile/types.ts';
import type { Access } from '../../sources.ts';
import { storeDirectory } from '../../store/directory.ts';
import { machinePlatform } from '../../system/machine.ts';
import { openBuildSource } from './contexts.ts';
import type { Ignore } from './ignore.ts';
import type { BuildOptions } from './options.ts';
import { lintOptions } from './report-checks.ts';
import { openOutside } from './world.ts';

export interface CheckedLine {
  readonly rule: string;
  readonly message: string;
  /** `Dockerfile:3` */
  readonly place: string;
  /** The lines it is about, and those around. */
  readonly excerpt: string;
  readonly range: Range;
}

type FileOptions = Pick<BuildOptions, 'context' | 'file' | 'args' | 'secrets' | 'ssh'>;

export interface BuildFile {
  readonly dockerfile: Dockerfile;
  readonly ignore: Ignore | undefined;
}

/** The Dockerfile that the build would use. @throws ImageError INVALID where it is none, NOT_FOUND … */
export async function readBuildFile(options: FileOptions, access: Access): Promise<BuildFile> {
  await using stack = new AsyncDisposableStack();
  const { context, file } = options;
  const asked = { context, file, keepGitDir: false, store: storeDirectory(access.env) };
  const source = await openBuildSource(asked, openOutside(options, stack, access), stack, access.run ?? {});
  return { dockerfile: parseDockerfile(source.dockerfile, source.name), ignore: source.ignore };
}

/** @throws ImageError for what would end a build before its first step, as far as the file and the options tell */
export function assertBuildable({ dockerfile }: BuildFile, options: BuildOptions): void {
  const clock = { time: options.epoch ?? 0, clamps: true };
  const settings = { ...options, clock, buildPlatform: machinePlatform() };
  for (const platform of options.platforms) assertSound(dockerfile, platform, settings);
}

/** BuildKit's checks and our own on size, in the order of the file. */
export async function checkDockerfile(
  { dockerfile, ignore }: BuildFile,
  { args, target, squash }: Pick<BuildOptions, 'args' | 'target' | 'squash'>,
): Promise<readonly CheckedLine[]> {
  const options = lintOptions(args, ignore);
  const size = await lintSize(dockerfile, { ...options, target, squash });
  const findings: LintFinding[] = [...lint(dockerfile, options), ...size];
  return findings.sort(inFileOrder).map(({ rule, message, range }) => ({
    rule,
    message,
    place: `${dockerfile.name}:${range.start.line}`,
    excerpt: excerpt(dockerfile.text, range),
    range,
  }));
}
