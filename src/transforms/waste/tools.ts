/** BuildToolsInFinalStage: compilers in the image that was built, and what only they need. @module */
import { nodeAt, walk } from '../../model/tree.ts';
import { type Built, Bytes, type SizeHint } from './built.ts';

/** Directories of compilers, of their headers, and archives of object files. */
const TOOLS =
  /^(?:\/usr(?:\/local)?\/include\/|\/usr\/lib(?:exec)?\/(?:gcc|gcc-cross|llvm[^/]*|rustlib|go(?:-[\d.]+)?)\/|\/usr\/lib\/jvm\/[^/]+\/(?:jmods|include)\/|\/usr\/local\/(?:go|cargo|rustup)\/|\/usr\/share\/(?:maven|gradle|cmake|automake|autoconf|go)[^/]*\/|.*\.a$)/;
/** What programs need of a compiler's directory all the same. */
const LIBRARY = /\.so(?:\.\d+)*$/;
const COMPILER =
  /^(?:\/usr(?:\/local)?)?(?:\/local\/go)?\/bin\/(?:(?:[a-z0-9_]+-linux-[a-z0-9_]+-)?(?:gcc|g\+\+|cc|clang|ld|as)(?:-[\d.]+)?|make|cmake|cargo|rustc|javac|go|mvn|gradle)$|^\/usr\/local\/go\/bin\/go$/;

export function buildTools({ tree }: Built): readonly SizeHint[] {
  const programs: string[] = [];
  const bytes = new Bytes();
  for (const { path, node } of walk(tree)) {
    if (node.kind === 'dir') continue;
    const isProgram = COMPILER.test(path);
    if (isProgram) programs.push(path);
    if (isProgram || (TOOLS.test(path) && !LIBRARY.test(path))) bytes.add(node);
  }
  const [first] = programs.filter((path) => nodeAt(tree, path) !== undefined);
  if (first === undefined || bytes.sum === 0) return [];
  const message = `of compilers, headers and the like (${first}${programs.length > 1 ? ' …' : ''}) are in the image`;
  const advice = 'build in a stage of its own, and COPY --from it what was built';
  return [{ rule: 'BuildToolsInFinalStage', bytes: bytes.sum, message, advice }];
}
