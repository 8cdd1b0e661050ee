/** Which part of Python's standard library goes in. @module */

/** Names at the top of the library that no running program needs: tests, tools for developers, installers, what wants Tcl/Tk. */
const LEFT_OUT = new Set([
  '__phello__',
  'config',
  'dist-packages',
  'ensurepip',
  'idlelib',
  'lib-dynload',
  'lib2to3',
  'pydoc_data',
  'site-packages',
  'test',
  'tests',
  'tkinter',
  'turtle.py',
  'turtledemo',
]);

/** Extension modules whose libraries are large and whose use is rare; and those that only tests load. */
const RARE_MODULES = /^(?:_tkinter|_dbm|_gdbm|nis|ossaudiodev)\./;
const TEST_MODULES = /^(?:_test\w*|_xx\w*|xx\w*|_ctypes_test)\./;

/** Whether a path below the library is part of it at run time; caches of compiled modules are not. */
export function isLibraryFile(relative: string): boolean {
  const [top = ''] = relative.split('/', 1);
  if (LEFT_OUT.has(top) || /^config-\d/.test(top)) return false;
  return !/(?:^|\/)(?:__pycache__|tests?|idle_test)\//.test(relative) && !/\.(?:pyc|pyo|exe|a|o)$/.test(relative);
}

/** How much an extension module of the library counts; undefined for one that is for tests. */
export function moduleStrength(name: string): 'recommended' | 'suggested' | undefined {
  if (!name.endsWith('.so') || TEST_MODULES.test(name)) return undefined;
  return RARE_MODULES.test(name) ? 'suggested' : 'recommended';
}

/**
 * Modules that the interpreter imports by itself before any program (Python/pylifecycle.c, Lib/site.py), as files: some
 * versions have a part of them frozen in.
 */
export const START_UP = [
  'encodings/__init__.py',
  'encodings/aliases.py',
  'encodings/utf_8.py',
  'codecs.py',
  'io.py',
  'abc.py',
  'site.py',
  'os.py',
  'stat.py',
  'posixpath.py',
  'genericpath.py',
  '_collections_abc.py',
  '_sitebuiltins.py',
];

/** What programs reach without an import statement: codecs by the name of an encoding, and what C code imports. */
export const IMPLICIT = [
  ...START_UP,
  'encodings/ascii.py',
  'encodings/latin_1.py',
  'encodings/utf_8_sig.py',
  'encodings/utf_16.py',
  'encodings/utf_16_le.py',
  'encodings/utf_16_be.py',
  'encodings/utf_32.py',
  'encodings/idna.py',
  'encodings/punycode.py',
  'encodings/cp437.py',
  'encodings/cp1252.py',
  'encodings/hex_codec.py',
  'encodings/base64_codec.py',
  'encodings/unicode_escape.py',
  'encodings/raw_unicode_escape.py',
  'stringprep.py',
  'importlib/__init__.py',
  'importlib/_bootstrap.py',
  'importlib/_bootstrap_external.py',
  'runpy.py',
  'pkgutil.py',
  'locale.py',
  'warnings.py',
  'traceback.py',
  'linecache.py',
  'tokenize.py',
  'token.py',
  'copyreg.py',
  '_strptime.py',
  '_weakrefset.py',
  'threading.py',
  'sitecustomize.py',
];
