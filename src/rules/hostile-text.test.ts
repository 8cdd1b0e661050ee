import { describe, expect, test } from 'vitest';
import { findImports as findNodeImports } from './node/imports.ts';
import { namesInText, readMentions } from './package-data/mentions.ts';
import { findLoads } from './perl/imports.ts';
import { parseAssignments, parseStatements } from './plugins/tokens.ts';
import { findImports as findPythonImports } from './python/imports.ts';

/** What the parsers' expressions are made of: repeated, each could make one of them look again and again. */
const PIECES = [
  ...[
    '"',
    "'",
    '`',
    '"""',
    "'''",
    '\\',
    '#',
    '//',
    '/*',
    '<!--',
    '-->',
    '\n',
    ' ',
    '\t',
    ';',
    '{',
    '}',
    '(',
    '$',
    '${',
    '=',
    '%s',
  ],
  ...[
    '=pod\n',
    '=cut\n',
    'use a',
    'require ',
    'require $x',
    'import ',
    'from . import (',
    'new Worker(',
    'eval ',
    'a#',
    'a:',
    '/a',
    'export A=',
  ],
];
const LENGTH = 60_000;

const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  'Python imports': findPythonImports,
  'Perl loads': findLoads,
  'Node imports': findNodeImports,
  statements: parseStatements,
  assignments: parseAssignments,
  'names in text': namesInText,
  mentions: (text) => readMentions([text, ...text.split('\n').slice(0, 1000)]).endsWith('aaaa'),
};

describe.each(Object.entries(PARSERS))('%s', (_, parse) => {
  test('take time that grows with the text, not faster', async () => {
    for (const one of PIECES) {
      for (const other of ['', '\n']) {
        const piece = one + other;
        const started = performance.now();
        await parse(piece.repeat(LENGTH / piece.length));
        expect({ piece, slow: performance.now() - started > 700 }).toEqual({ piece, slow: false });
      }
    }
  }, 120_000);
});
