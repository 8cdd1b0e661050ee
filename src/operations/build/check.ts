/** What there is to say of a Dockerfile without building it: its checks, its targets, what they take. @module */
import { ImageError } from '../../base/errors.ts';
import { excerpt } from '../../builders/dockerfile/failure.ts';
import { parseCheck } from '../../formats/dockerfile/directives.ts';
import { inFileOrder, lint, lintFails } from '../../formats/dockerfile/lint/lint.ts';
import type { LintFinding, LintOptions } from '../../formats/dockerfile/lint/report.ts';
import { lintSize } from '../../formats/dockerfile/lint/size/size.ts';
import { parseDockerfile } from '../../formats/dockerfile/parse.ts';
import type { Dockerfile, Range } from '../../formats/dockerfile/types.ts';
import type { Access } from '../../sources.ts';
import { storeDirectory } from '../../store/directory.ts';
import { openBuildSource } from './contexts.ts';
import type { BuildOptions } from './options.ts';
import { openRemotes } from './world.ts';

export interface CheckedLine {
  readonly rule: string;
  readonly message: string;
  /** `Dockerfile:3` */
  readonly place: string;
  /** The lines it is about, and those around. */
  readonly excerpt: string;
  readonly range: Range;
}

type FileOptions = Pick<BuildOptions, 'context' | 'file' | 'args' | 'secrets'>;

/** The Dockerfile that the build would use. @throws ImageError INVALID where it is none, NOT_FOUND … */
export async function readBuildFile({ context, file, secrets }: FileOptions, access: Access): Promise<Dockerfile> {
  await using stack = new AsyncDisposableStack();
  const asked = { context, file, keepGitDir: false, store: storeDirectory(access.env) };
  const source = await openBuildSource(asked, openRemotes(secrets, stack, access), stack, access.run ?? {});
  return parseDockerfile(source.dockerfile, source.name);
}

/** BuildKit's checks and our own on size, in the order of the file. */
export async function checkDockerfile(
  dockerfile: Dockerfile,
  { args, target, squash }: Pick<BuildOptions, 'args' | 'target' | 'squash'>,
): Promise<readonly CheckedLine[]> {
  const options = lintOptions(args);
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

/** Before a build: `# check=error=true` makes what BuildKit's checks find its end; else it is said. Our own checks end none. */
export function reportChecks(dockerfile: Dockerfile, { args, report }: BuildOptions): void {
  const options = lintOptions(args);
  const findings = lint(dockerfile, options);
  const [first] = findings;
  if (first !== undefined && lintFails(dockerfile, findings, options)) {
    const place = `${dockerfile.name}:${first.range.start.line}`;
    throw new ImageError(
      'INVALID',
      `${place}: ${first.rule}: ${first.message}\n${excerpt(dockerfile.text, first.range)}`,
      {
        hint: 'the file says "check=error=true"; pare build --check shows all that is found',
      },
    );
  }
  for (const { rule, message, range } of findings) {
    report({ kind: 'warning', text: message, check: { rule, line: range.start.line } });
  }
}

const CHECK_ARG = 'BUILDKIT_DOCKERFILE_CHECK';

/** `--build-arg BUILDKIT_DOCKERFILE_CHECK=…` takes the place of the file's directive. */
function lintOptions(args: BuildOptions['args']): LintOptions {
  const said = args.get(CHECK_ARG);
  return { buildArgs: args, ...(said === undefined ? {} : { check: parseCheck(said, CHECK_ARG) }) };
}
