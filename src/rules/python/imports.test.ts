import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findImports } from './imports.ts';

function told(source: string) {
  return findImports(source).imports.map(
    ({ level, module, names }) => `${'.'.repeat(level)}${module}(${names.join(',')})`,
  );
}

describe('imports', () => {
  test.each([
    ['import a, b.c as d', ['a()', 'b.c()']],
    ['from a.b import c as d, e', ['a.b(c,e)']],
    ['from . import x', ['.(x)']],
    ['from ..pkg.mod import (a,\n  b, # comment\n)', ['..pkg.mod(a,b)']],
    ['from a import *', ['a()']],
    ['if x: import a; import b', ['a()', 'b()']],
    ['def f():\n    import a\n', ['a()']],
    ['import a \\\n  , b', ['a()', 'b()']],
    ['"""\nimport no\n"""\nimport yes', ['yes()']],
    ["x = 'import no' # import no\nimport yes", ['yes()']],
    ["r'''\\\\'''; import yes", ['yes()']],
    ['x = f"{import_}"\nimport yes', ['yes()']],
    ['__import__("a.b")', ['a.b()']],
    ["importlib.import_module('.c', pkg)", ['.c()']],
    ['important = 1\nfromage = 2\nx.import_ = 3', []],
    ['raise X from error', []],
    ['yield from other', []],
  ])('%j', (source, expected) => {
    expect(told(source)).toEqual(expected);
  });

  test.each([
    ['import_module(name)', true],
    ['__import__(f"{x}")', true],
    ['import_module("x")', false],
    ['def import_module(name): pass', false],
  ])('%j has a computed name: %s', (source, dynamic) => {
    expect(findImports(source).dynamic).toBe(dynamic);
  });

  const python = spawnSync('python3', ['--version']).status === 0;
  if (!python && process.env['CI']) throw new Error('python3 is missing');
  if (!python) process.stderr.write('skipped: this machine has no python3\n');

  test.skipIf(!python)("of Python's own library are those that its parser sees", () => {
    const { stdout } = spawnSync('python3', ['-I', '-c', WITH_AST], { encoding: 'utf8', maxBuffer: 1 << 28 });
    const files: [string, string[]][] = JSON.parse(stdout);
    expect(files.length).toBeGreaterThan(40);
    for (const [file, expected] of files) {
      const found = new Set(told(readFileSync(file, 'utf8')));
      expect({ file, missing: expected.filter((one) => !found.has(one)) }).toEqual({ file, missing: [] });
    }
  });
});

const WITH_AST = `
import ast, json, os, sysconfig
found = []
library = sysconfig.get_paths()['stdlib']
for name in sorted(os.listdir(library))[::3]:
    path = os.path.join(library, name)
    if not name.endswith('.py'): continue
    imports = set()
    for node in ast.walk(ast.parse(open(path, 'rb').read())):
        if isinstance(node, ast.Import): imports.update(alias.name + '()' for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names if alias.name != '*']
            imports.add('.' * node.level + (node.module or '') + '(' + ','.join(names) + ')')
    found.append([path, sorted(imports)])
print(json.dumps(found))
`;
