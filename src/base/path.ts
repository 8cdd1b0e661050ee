/**
 * Paths inside a root filesystem. One form everywhere: absolute, `/`-separated, no `.`, `..`, empty or trailing
 * component; the root is `/`. Components are names as in `names.ts`.
 * @module
 */

/**
 * Lexical clean-up into the one form. `..` at the root stays at the root, as the kernel does it; symbolic links are not
 * considered (see `model/resolve.ts` for that).
 */
export function cleanPath(path: string): string {
  if (isClean(path)) return path;
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') out.pop();
    else out.push(part);
  }
  return `/${out.join('/')}`;
}

function isClean(path: string): boolean {
  return path === '/' || (path.startsWith('/') && !path.endsWith('/') && !/\/(?:\/|\.\.?(?:\/|$))/.test(path));
}

/** `/a/b` → [`a`, `b`]; `/` → []. */
export function splitPath(path: string): string[] {
  return path === '/' ? [] : path.slice(1).split('/');
}

/** Parent of a clean path; the root's parent is the root. */
export function dirname(path: string): string {
  const cut = path.lastIndexOf('/');
  return cut <= 0 ? '/' : path.slice(0, cut);
}

/** Last component of a clean path; `''` for the root. */
export function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Joins and cleans. An absolute right side replaces the left, as in symbolic links. */
export function joinPath(base: string, path: string): string {
  return cleanPath(path.startsWith('/') ? path : `${base}/${path}`);
}

/** Whether `path` is `dir` or lies below it. */
export function isWithin(path: string, dir: string): boolean {
  return dir === '/' || path === dir || (path.startsWith(dir) && path[dir.length] === '/');
}

/** Every directory above a clean path, root first: `/a/b/c` → [`/`, `/a`, `/a/b`]. */
export function ancestors(path: string): string[] {
  const out: string[] = [];
  for (let dir = dirname(path); ; dir = dirname(dir)) {
    out.push(dir);
    if (dir === '/') break;
  }
  return out.reverse();
}
