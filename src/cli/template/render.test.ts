import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { renderTemplate } from './render.ts';
import { NIL_LIST, NIL_MAP } from './values.ts';

/** The value of `test/golden/go-templates/main.go`. */
const IMAGE = {
  Id: 'sha256:0123456789abcdef',
  RepoTags: ['redis:latest', 'redis:7'],
  Size: 17587249,
  Os: 'linux',
  Architecture: 'amd64',
  Config: {
    User: '',
    ExposedPorts: { '80/tcp': {}, '6379/tcp': {} },
    Env: ['PATH=/bin:/usr/bin', 'LANG=C.UTF-8'],
    Cmd: NIL_LIST,
    Volumes: NIL_MAP,
    Labels: { a: '<1>', b: '2' },
    Entrypoint: ['/usr/bin/redis-server', '--port', '6379'],
  },
  RootFS: { Type: 'layers', Layers: ['sha256:aa', 'sha256:bb'] },
};

interface Row {
  readonly template: string;
  readonly output?: string;
  readonly error?: string;
}

const file = fileURLToPath(new URL('../../../test/golden/go-templates/expected.jsonl', import.meta.url));
const rows = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Row);

describe('as Go renders it', () => {
  test.each(rows.filter(({ output }) => output !== undefined))('$template', ({ template, output }) => {
    expect(renderTemplate(template, IMAGE)).toBe(output);
  });
});

describe('what Go refuses is a mistake of the user', () => {
  test.each(rows.filter(({ error }) => error !== undefined))('$template', ({ template }) => {
    expect(() => renderTemplate(template, IMAGE)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});

test('an unknown field is answered with those there are', () => {
  expect(() => renderTemplate('{{.Config.Foo}}', IMAGE)).toThrow(
    'there is no field "Foo"; there are User, ExposedPorts, Env, Cmd, Volumes, Labels, Entrypoint',
  );
});

test('what is not known of Go is named', () => {
  expect(() => renderTemplate('{{define "x"}}', IMAGE)).toThrow('there is no function "define"');
  expect(() => renderTemplate('{{.Os ? 1}}', IMAGE)).toThrow('"? 1" is not understood');
});

test('deep nesting ends in an error', () => {
  expect(() => renderTemplate(`{{${'('.repeat(10_000)}`, IMAGE)).toThrow('has no end');
  expect(() => renderTemplate(`{{${'('.repeat(10_000)}1${')'.repeat(10_000)}}}`, IMAGE)).toThrow('too deeply');
  expect(() => renderTemplate('{{if 1}}'.repeat(10_000), IMAGE)).toThrow('too deeply');
});
