/** `build --check`: what there is to say of a Dockerfile, without building. @module */
import { excerpt } from '../../builders/dockerfile/failure.ts';
import { lint } from '../../formats/dockerfile/lint/lint.ts';
import { parseDockerfile } from '../../formats/dockerfile/parse.ts';
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
}

/** In the order of the file. @throws ImageError INVALID where it is no Dockerfile */
export async function checkDockerfile(
  { context, file, args, secrets }: Pick<BuildOptions, 'context' | 'file' | 'args' | 'secrets'>,
  access: Access,
): Promise<readonly CheckedLine[]> {
  await using stack = new AsyncDisposableStack();
  const asked = { context, file, keepGitDir: false, store: storeDirectory(access.env) };
  const source = await openBuildSource(asked, openRemotes(secrets, stack, access), stack, access.run ?? {});
  const dockerfile = parseDockerfile(source.dockerfile, source.name);
  return lint(dockerfile, { buildArgs: args }).map(({ rule, message, range }) => ({
    rule,
    message,
    place: `${dockerfile.name}:${range.start.line}`,
    excerpt: excerpt(dockerfile.text, range),
  }));
}
