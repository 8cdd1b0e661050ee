/** What BuildKit's checks say of a Dockerfile that is about to be built. @module */
import { ImageError } from '../../base/errors.ts';
import { excerpt } from '../../builders/dockerfile/failure.ts';
import type { BuildEvent } from '../../builders/dockerfile/ports.ts';
import { parseCheck } from '../../formats/dockerfile/directives.ts';
import { collecting, lint, lintFails } from '../../formats/dockerfile/lint/lint.ts';
import type { LintContext, LintFinding, LintOptions } from '../../formats/dockerfile/lint/report.ts';
import type { Dockerfile } from '../../formats/dockerfile/types.ts';
import type { Ignore } from './ignore.ts';
import type { BuildOptions } from './options.ts';

/** Before a build: `# check=error=true` makes what BuildKit's checks find its end; else it is said. Our own checks end none. */
export function reportChecks(dockerfile: Dockerfile, { args, report }: BuildOptions, ignore?: Ignore): void {
  const options = lintOptions(args, ignore);
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
  for (const finding of findings) report(warningOf(finding));
}

/** For what is found while it is built: the same, each once, without the place where it ends the build, which the step adds. */
export function laterChecks(dockerfile: Dockerfile, { args, report }: BuildOptions): LintContext['report'] {
  const options = lintOptions(args, undefined);
  const found = collecting(options.check ?? dockerfile.directives.check);
  return (rule, range, message) => {
    const known = found.findings.length;
    found.report(rule, range, message);
    const added = found.findings.slice(known);
    if (lintFails(dockerfile, added, options)) {
      throw new ImageError('INVALID', `${rule}: ${message}`, { hint: 'the file says "check=error=true"' });
    }
    for (const finding of added) report(warningOf(finding));
  };
}

function warningOf({ rule, message, range }: LintFinding): BuildEvent {
  return { kind: 'warning', text: message, check: { rule, line: range.start.line } };
}

const CHECK_ARG = 'BUILDKIT_DOCKERFILE_CHECK';

/** `--build-arg BUILDKIT_DOCKERFILE_CHECK=…` takes the place of the file's directive. */
export function lintOptions(args: BuildOptions['args'], ignore: Ignore | undefined): LintOptions {
  const said = args.get(CHECK_ARG);
  const left = ignore && { hasExceptions: false, matches: (path: string) => ignore(path) === 'out' };
  return { buildArgs: args, ignore: left, ...(said === undefined ? {} : { check: parseCheck(said, CHECK_ARG) }) };
}
