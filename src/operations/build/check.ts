/** `build --check`: what there is to say of a Dockerfile, without building. @module */
import { excerpt } from '../../builders/dockerfile/failure.ts';
import { lint } from '../../formats/dockerfile/lint/lint.ts';
import { parseDockerfile } from '../../formats/dockerfile/parse.ts';
import type { Access } from '../../sources.ts';
import { openBuildSource } from './contexts.ts';
import type { BuildOptions } from './options.ts';

export interface CheckedLine {
  readonly rule: string;
  readonly message: string;
  /** `Dockerfile:3` */
  readonly place: string;
  /** The lines it is about, and those around. */
  readonly excerpt: string;
}

/** In the order of the file. @throws ImageError INVALID where it is no Dockerfile */
export async function checkDockerfile(
  { context, file, args }: Pick<BuildOptions, 'context' | 'file' | 'args'>,
  { run = {} }: Access,
): Promise<readonly CheckedLine[]> {
  await using stack = new AsyncDisposableStack();
  const source = await openBuildSource({ context, file, keepGitDir: false }, stack, run);
  const dockerfile = parseDockerfile(source.dockerfile, source.name);
  return lint(dockerfile, { buildArgs: args }).map(({ rule, message, range }) => ({
    rule,
    message,
    place: `${dockerfile.name}:${range.start.line}`,
    excerpt: excerpt(dockerfile.text, range),
  }));
}
