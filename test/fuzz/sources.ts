import { findImports as findNodeImports } from '../../src/rules/node/imports.ts';
import { findLoads } from '../../src/rules/perl/imports.ts';
import { findImports as findPythonImports } from '../../src/rules/python/imports.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');
const seeds = (...texts: readonly string[]) => texts.map((one) => Buffer.from(one));

export const pythonSource = {
  name: 'python-imports',
  run(bytes: Uint8Array): void {
    findPythonImports(text(bytes));
  },
  seeds: () =>
    seeds(
      'import a, b.c as d\nfrom ..x import (y,\n  z) # c\n"""import no"""\nif x: import e; from . import f\n',
      "__import__('a')\nimportlib.import_module(name)\nr'\\'' + f\"{x!r}\" \\\n  import_\n",
    ),
};

export const perlSource = {
  name: 'perl-loads',
  run(bytes: Uint8Array): void {
    findLoads(text(bytes));
  },
  seeds: () =>
    seeds(
      'use strict; use parent -norequire, qw(A::B C);\nrequire "a/$x.pm";\n=pod\nuse No;\n=cut\neval { require D };\n__END__\nuse E;',
    ),
};

export const nodeSource = {
  name: 'node-imports',
  async run(bytes: Uint8Array): Promise<void> {
    await findNodeImports(text(bytes));
  },
  seeds: () =>
    seeds(
      'import a from "x"; export * from \'y\'; import(`z`); const b = require("w"); new URL("./u", import.meta.url); /re/.test(s); `${1}`',
    ),
};
