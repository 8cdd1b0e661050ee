/** Which part of the modules that come with Perl goes in, and what is loaded without a word in the source. @module */

/** Below a core directory: documentation, headers, and tools to build, test and install modules. */
const LEFT_OUT =
  /^(?:CORE|CPAN|Test2?|TAP|ExtUtils|App|Devel|Pod\/(?:Perldoc|Html|Checker|Man)|Module\/CoreList|pod|unicore\/TestProp)(?:[./]|$)|^perl5db\.pl$|\.(?:pod|h|a|ld|e2x)$/;

/** Their libraries are large, and hardly anyone uses them. */
const RARE_MODULES = /\/(?:DB_File|GDBM_File|NDBM_File|ODBM_File)\.so$/;

/** @param relative path below one of the core directories */
export function isLibraryFile(relative: string): boolean {
  return !LEFT_OUT.test(relative);
}

export function isRareModule(path: string): boolean {
  return RARE_MODULES.test(path);
}

/** What the interpreter loads by itself: for layers and in-memory files, glob(), `%!`, `%+`, attributes, methods of handles. */
export const IMPLICIT = [
  'Carp.pm',
  'Carp/Heavy.pm',
  'Config.pm',
  'Config_heavy.pl',
  'DynaLoader.pm',
  'Encode.pm',
  'Errno.pm',
  'Exporter.pm',
  'Exporter/Heavy.pm',
  'File/Glob.pm',
  'IO.pm',
  'IO/File.pm',
  'IO/Handle.pm',
  'IO/Seekable.pm',
  'PerlIO.pm',
  'PerlIO/encoding.pm',
  'PerlIO/scalar.pm',
  'Tie/Hash/NamedCapture.pm',
  'XSLoader.pm',
  'attributes.pm',
  'bytes.pm',
  'bytes_heavy.pl',
  'feature.pm',
  'mro.pm',
  'overload.pm',
  'overloading.pm',
  're.pm',
  'strict.pm',
  'utf8.pm',
  'vars.pm',
  'version.pm',
  'warnings.pm',
  'warnings/register.pm',
];
