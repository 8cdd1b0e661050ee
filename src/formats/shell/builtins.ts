/** Commands that a shell runs itself. @module */

/**
 * Builtins of POSIX sh (XCU 2.14 and 1.7), dash(1), busybox ash and bash(1) together: a name that only one of them has as a
 * builtin is nothing that a script for another would call.
 */
const BUILTINS = new Set(
  `. : [ [[ alias bg bind break builtin caller case cd chdir command compgen complete compopt continue coproc declare dirs
  disown echo enable eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile newgrp
  popd printf pushd pwd read readarray readonly return select set shift shopt source suspend test time times trap true type
  typeset ulimit umask unalias unset wait`.split(/\s+/),
);

export function isBuiltin(name: string): boolean {
  return BUILTINS.has(name);
}

/** Interpreters whose scripts are read as shell scripts. */
const SHELLS = new Set(['sh', 'bash', 'dash', 'ash', 'ksh', 'mksh', 'ksh93', 'rbash']);

/** @param name of an interpreter, without its directory */
export function isShell(name: string): boolean {
  return SHELLS.has(name);
}
