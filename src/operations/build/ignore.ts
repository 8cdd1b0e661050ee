/** .dockerignore: which file says it, and what it says of a path. @module */
import { compileIgnore, parseIgnore } from '../../formats/dockerfile/ignore.ts';

/** `perhaps`: the path stays out, but for what is below it and wanted all the same. @param path below the context, without a slash */
export type Ignore = (path: string) => 'in' | 'out' | 'perhaps';

export const IGNORE_NOTHING: Ignore = () => 'in';

/** @param text of the file. The Dockerfile itself and .dockerignore can be copied where they are not left out. */
export function ignoreOf(text: string): Ignore {
  const patterns = parseIgnore(text);
  if (patterns.length === 0) return IGNORE_NOTHING;
  const matcher = compileIgnore(patterns);
  return (path) => (matcher.matches(path) ? (matcher.hasExceptions ? 'perhaps' : 'out') : 'in');
}
