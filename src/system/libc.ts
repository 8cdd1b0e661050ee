/**
 * The C library through koffi: opened at the first call, on the main thread only (koffi is not safe in workers). Failures are
 * thrown as Node.js throws its own, with `code`, `syscall` and `path`.
 * @module
 */
import { createRequire } from 'node:module';
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
import { ImageError } from '../base/errors.ts';
import { encodeName } from '../base/names.ts';

export type Native = (...args: unknown[]) => number;

/** Return type and types of the arguments of each function, as koffi writes them. */
export type Signatures = Readonly<Record<string, readonly [string, readonly string[]]>>;

export type Library<S extends Signatures> = { readonly [name in keyof S]: Native } & {
  /** Of the last call. */
  errno(): number;
};

export type PathLike = string | Uint8Array;

/** The functions, or null where koffi has no build for this platform; loaded once. */
export function bindLibrary<S extends Signatures>(signatures: S): () => Library<S> | null {
  let library: Library<S> | undefined | null;
  return () => {
    library ??= load(signatures);
    return library;
  };
}

function load<S extends Signatures>(signatures: S): Library<S> | null {
  let koffi: typeof import('koffi');
  try {
    koffi = createRequire(import.meta.url)('koffi');
  } catch {
    // No binary for this platform: the callers say what they cannot do.
    return null;
  }
  const libc = koffi.load(null);
  const bound: Partial<Record<string, Native>> = {};
  for (const [name, [result, args]] of Object.entries(signatures)) {
    bound[name] = lazily(() => libc.func(name, result, [...args]) as unknown as Native);
  }
  return { ...(bound as { [name in keyof S]: Native }), errno: () => koffi.errno() };
}

/** Binds at the first call: a C library that lacks one function (macOS) still offers the others. */
function lazily(bind: () => Native): Native {
  let bound: Native | undefined;
  return (...args) => {
    bound ??= bind();
    return bound(...args);
  };
}

/** @throws ImageError UNAVAILABLE where there is none */
export function needLibrary<L>(found: L | null, doing: string): L {
  if (found !== null) return found;
  throw new ImageError('UNAVAILABLE', `cannot ${doing}: the native module koffi could not be loaded on this platform`, {
    hint: 'reinstall pare on the machine it runs on, so that npm fetches the module for its platform',
  });
}

export function cString(text: PathLike): Buffer {
  return Buffer.concat([typeof text === 'string' ? encodeName(text) : text, Buffer.of(0)]);
}

/** What a function has returned that says failure by a negative number. */
export function check(from: { errno(): number }, result: number, syscall: string, path: PathLike): number {
  if (result >= 0) return result;
  const errno = -from.errno();
  const code = getSystemErrorName(errno);
  const shown = typeof path === 'string' ? path : Buffer.from(path).toString();
  const error = new Error(`${code}: ${getSystemErrorMessage(errno)}, ${syscall} '${shown}'`);
  throw Object.assign(error, { code, errno, syscall, path: shown });
}
