import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sharedFixture } from '../../../test/shared.ts';
import { ImageError } from '../../base/errors.ts';
import { isDockerFrontend } from './directives.ts';
import { findHeredocs, heredocContent, runScript } from './heredoc.ts';
import { findStage, parseDockerfile, parseStatements, parseTrigger } from './parse.ts';
import { located } from './source.ts';
import type { Arguments, Statement } from './statement.ts';
import type { Instruction } from './types.ts';

const files = sharedFixture('buildkit-dockerfile/frontend/dockerfile/parser');
const tables = sharedFixture('buildkit-tables');
const errors = sharedFixture('buildkit-instructions');

describe.skipIf(files === undefined)("BuildKit's files", () => {
  const names = files === undefined ? [] : readdirSync(`${files}/testfiles`);
  it('are 33', () => expect(names).toHaveLength(33));

  it.each(names)('%s is read as there', (name) => {
    const folder = `${files}/testfiles/${name}`;
    const { statements } = parseStatements(readFileSync(`${folder}/Dockerfile`, 'utf8'), name);
    const expected = readFileSync(`${folder}/result`, 'utf8').trimEnd();
    expect(statements.map((one) => `(${dump(one)})`).join('\n')).toBe(expected);
  });

  const refused = files === undefined ? [] : readdirSync(`${files}/testfiles-negative`);
  it.each(refused)('%s is refused', (name) => {
    const text = readFileSync(`${files}/testfiles-negative/${name}/Dockerfile`, 'utf8');
    expect(refusalOf(() => parseStatements(text, name)).code).toBe('INVALID');
  });
  it('are 4 that are refused', () => expect(refused).toHaveLength(4));

  it('says where instructions stand', () => {
    const { statements } = parseStatements(readFileSync(`${files}/testfile-line/Dockerfile`, 'utf8'), 'file');
    const lines = statements.map(({ line, keyword }) => [keyword.range.start.line, line.pieces.at(-1)?.line]);
    expect(lines).toEqual([
      [5, 5],
      [11, 12],
      [17, 31],
    ]);
  });
});

/** The s-expressions of the fixtures. */
function dump({ name, flags, arguments: given }: Statement): string {
  const shown = flags.length === 0 ? [] : [`[${flags.map(({ text }) => quoted(text)).join(' ')}]`];
  return [name, ...shown, ...dumpArguments(given)].join(' ');
}

function dumpArguments(given: Arguments): string[] {
  switch (given.shape) {
    case 'words':
      return given.words.map(({ text }) => quoted(text));
    case 'text':
      return given.text.text === '' ? [] : [quoted(given.text.text)];
    case 'pairs':
      return given.pairs.flatMap(({ name, value }) => [name.text, value.text, given.legacy ? '' : '='].map(quoted));
    case 'typed':
      return given.type === undefined ? [] : [quoted(given.type.text), ...dumpArguments(given.command)];
    case 'trigger':
      return given.statement === undefined ? [] : [`(${dump(given.statement)})`];
  }
}

/** As Go's %q. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('\\u0000', '\\x00');
}

function refusalOf(run: () => unknown): ImageError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ImageError);
    return error as ImageError;
  }
  throw new Error('was not refused');
}

function only(text: string): Instruction {
  const [instruction, ...others] = parseDockerfile(`FROM scratch\n${text}`).stages[0]!.instructions;
  expect(others).toEqual([]);
  return instruction!;
}

function table<T>(path: string): T[] {
  return JSON.parse(readFileSync(path, 'utf8'));
}

describe.skipIf(tables === undefined || errors === undefined)("BuildKit's tables", () => {
  it('finds the heredocs of a line', () => {
    const rows = table<{ line: string; heredocNames: string[] | null }>(
      `${tables}/parser_heredoc.TestHeredocsFromLine.json`,
    );
    expect(rows).toHaveLength(10);
    for (const { line, heredocNames } of rows) {
      const names = findHeredocs(located(line, { line: 1, column: 1 })).map(({ name }) => name);
      expect([line, names]).toEqual([line, heredocNames ?? []]);
    }
  });

  interface RunRow {
    dockerfile: string;
    command: string[];
    shell: boolean;
    files?: { Name: string; Data: string; Chomp?: boolean }[];
  }
  it('reads heredocs of RUN', () => {
    const rows = table<RunRow>(`${tables}/parse_heredoc.TestRunHeredoc.json`);
    expect(rows).toHaveLength(6);
    for (const row of rows) {
      const run = only(row.dockerfile);
      if (run.kind !== 'run') throw new Error('no RUN');
      const { command } = run;
      expect(command.form).toBe(row.shell ? 'shell' : 'exec');
      expect(command.form === 'exec' ? command.args.map(({ text }) => text) : [command.script.text]).toEqual(
        row.command,
      );
      const heredocs = run.heredocs.map(({ name, content, chomp }) => ({
        Name: name,
        Data: content,
        ...(chomp ? { Chomp: true } : {}),
      }));
      expect(heredocs).toEqual(row.files ?? []);
    }
  });

  interface CopyRow {
    dockerfile: string;
    sourcesAndDest: {
      DestPath: string;
      SourcePaths?: string[];
      SourceContents?: { Path: string; Data: string; Expand: boolean }[];
    };
  }
  it('reads heredocs of COPY', () => {
    const rows = table<CopyRow>(`${tables}/parse_heredoc.TestCopyHeredoc.json`);
    expect(rows).toHaveLength(8);
    for (const { dockerfile, sourcesAndDest } of rows) {
      const copy = only(dockerfile);
      if (copy.kind !== 'copy') throw new Error('no COPY');
      expect(copy.destination.text).toBe(sourcesAndDest.DestPath);
      const paths = copy.sources.flatMap((one) => (one.kind === 'path' ? [one.word.text] : []));
      expect(paths).toEqual(sourcesAndDest.SourcePaths ?? []);
      const contents = copy.sources.flatMap((one) => (one.kind === 'heredoc' ? [one.heredoc] : []));
      expect(contents.map((one) => ({ Path: one.name, Data: heredocContent(one), Expand: one.expand }))).toEqual(
        sourcesAndDest.SourceContents ?? [],
      );
    }
  });

  it('refuses what BuildKit refuses, and says the same', () => {
    const rows = [
      ...table<{ dockerfile: string; expectedError: string }>(`${tables}/parse_heredoc.TestErrorCasesHeredoc.json`),
      ...table<{ dockerfile: string; expectedError: string }>(`${errors}/error_cases.json`),
    ];
    expect(rows).toHaveLength(7);
    for (const { dockerfile, expectedError } of rows) {
      expect(refusalOf(() => only(dockerfile)).message).toContain(expectedError);
    }
  });
});

describe('a Dockerfile', () => {
  const text = [
    '# syntax=docker/dockerfile:1 and more',
    '# check=skip=StageNameCasing, UndefinedVar;error=true',
    '',
    '# VERSION of the base',
    'ARG VERSION=12 OTHER',
    'FROM --platform=$BUILDPLATFORM debian:$VERSION AS Build',
    'RUN --mount=type=cache,target=/c,sharing=locked \\',
    '    # in between',
    '',
    '    --network=none make',
    'FROM scratch',
    'COPY --from=build --chmod=u+x --exclude=*.o --exclude=b /a "b c" /d/',
    'CMD [ "a", "b\\u0041" ]',
    '',
  ].join('\r\n');
  const file = parseDockerfile(text);

  it('has directives, global arguments and stages', () => {
    expect(file.directives.syntax?.text).toBe('docker/dockerfile:1');
    expect(file.directives.check).toEqual({ skip: ['StageNameCasing', 'UndefinedVar'], error: true, experimental: [] });
    expect(file.globalArgs[0]?.args.map(({ name, value }) => [name.text, value?.text])).toEqual([
      ['VERSION', '12'],
      ['OTHER', undefined],
    ]);
    expect(file.globalArgs[0]?.comments).toEqual(['VERSION of the base']);
    const [build, last] = file.stages;
    expect([build?.name, build?.base.text, build?.platform?.text]).toEqual([
      'build',
      'debian:$VERSION',
      '$BUILDPLATFORM',
    ]);
    expect([last?.name, last?.index]).toEqual([undefined, 1]);
    expect(findStage(file.stages, 'BUILD')).toBe(build);
    expect(findStage(file.stages, '1')).toBe(last);
    expect(findStage(file.stages, '1', 1)).toBeUndefined();
    expect(file.emptyContinuations).toEqual([{ line: 9, column: 1 }]);
  });

  it('knows the place of every word', () => {
    const [run] = file.stages[0]!.instructions;
    if (run?.kind !== 'run' || run.command.form !== 'shell') throw new Error('no RUN');
    expect(run.source).toBe('RUN --mount=type=cache,target=/c,sharing=locked     --network=none make');
    expect(run.command.script).toEqual({ text: 'make', range: range(10, 20, 24) });
    expect(run.mounts[0]?.word.range).toEqual(range(7, 13, 48));
    expect(run.range).toEqual({ start: { line: 7, column: 1 }, end: { line: 10, column: 24 } });
    const [copy, cmd] = file.stages[1]!.instructions;
    if (copy?.kind !== 'copy' || cmd?.kind !== 'cmd' || cmd.command.form !== 'exec') throw new Error('no COPY and CMD');
    expect(copy.from).toEqual({ text: 'build', range: range(12, 13, 18) });
    expect(copy.exclude.map(({ text: pattern }) => pattern)).toEqual(['*.o', 'b']);
    expect(copy.destination.range).toEqual(range(12, 66, 69));
    expect(cmd.command.args[1]).toEqual({ text: 'bA', range: range(13, 12, 21) });
  });

  function range(line: number, from: number, to: number) {
    return { start: { line, column: from }, end: { line, column: to } };
  }

  it('keeps bytes that are no UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('\uFEFFFROM scratch\nENV a='), Buffer.from([0xe4])]);
    const [env] = parseDockerfile(bytes).stages[0]!.instructions;
    expect(env?.kind === 'env' ? env.assignments[0]?.value.text : '').toBe('\udce4');
  });

  it('shows the place of an error', () => {
    const error = refusalOf(() => parseDockerfile('FROM scratch\n\tCPOY a \\\n b\n', 'my/Dockerfile'));
    expect(error.message).toBe('my/Dockerfile:2:2: unknown instruction: CPOY\n  2 | \tCPOY a \\\n    | \t^^^^');
    expect(error.hint).toBe('did you mean COPY?');
  });

  it('thinks of a line that should go on', () => {
    const hint = (text: string) => refusalOf(() => parseDockerfile(text)).hint;
    expect(hint('FROM a\nRUN b &&\n  echo c')).toBe('if line 2 goes on here, it has to end with \\');
    expect(hint('# escape=`\nFROM a\nCMD ["b",\n  "c"]')).toBe('if line 3 goes on here, it has to end with `');
    expect(hint('FROM a\nRUN b\n  echo c')).toBeUndefined();
  });

  it.each([
    ['ENV a=b', /before the first FROM/, /only ARG/],
    ['ARG a', /no FROM/, undefined],
    ['FROM a b', /one or three|expected AS/, /FROM IMAGE AS NAME/],
    ['FROM a as 1b', /cannot be the name/, /begins with a letter/],
    ['FROM a\nCOPY --fron=b a b', /unknown flag: --fron/, /--from/],
    ['FROM a\nCOPY --from=$b a b', /cannot hold variables/, /stage of its own/],
    ['FROM a\nCOPY --link=maybe a b', /true or false/, undefined],
    ['FROM a\nCOPY --from=a --from=b a b', /second time/, undefined],
    ['FROM a\nRUN --device=x y', /cannot be used/, undefined],
    ['FROM a\nRUN --network=hots y', /not possible/, /host/],
    ['FROM a\nRUN --mount=type=cahe,target=/x y', /no type of mount/, /cache/],
    ['FROM a\nRUN --mount=type=tmpfs,targte=/x y', /no key/, /target/],
    ['FROM a\nRUN --mount=type=bind,target=/x,uid=3 y', /takes no uid/, undefined],
    ['FROM a\nRUN --mount=type=bind y', /needs a target/, undefined],
    ['FROM a\nRUN --mount=type=bind,a\\"b y', /quotes/, undefined],
    ['FROM a\nRUN <<E\nx', /has no end/, /a line that holds E/],
    ['FROM a\nSHELL /bin/sh -c', /JSON array/, undefined],
    ['FROM a\nENV =b', /name before the =/, undefined],
    ['FROM a\nENV a=b c', /expected NAME=VALUE/, /quoted/],
    ['FROM a\nHEALTHCHECK --interval=5 CMD a', /no duration/, undefined],
    ['FROM a\nHEALTHCHECK CMT a', /knows CMD and NONE/, /CMD/],
    ['FROM a\nHEALTHCHECK --retries=-1 CMD a', /retries/, undefined],
    ['FROM a\nONBUILD MAINTAINER b', /isn't allowed/, undefined],
    ['FROM a\nVOLUME [""]', /empty/, undefined],
    ['# escape=x\nFROM a', /must be/, undefined],
    ['# syntax=a\n# syntax=b\nFROM a', /second time/, undefined],
    ['# check=spik=a\nFROM a', /no option/, /skip/],
  ])('%j is refused', (bad, message, hint) => {
    const error = refusalOf(() => parseDockerfile(bad));
    expect(error.code).toBe('INVALID');
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^Dockerfile:\d+:\d+: /);
    if (hint !== undefined) expect(error.hint).toMatch(hint);
  });
});

describe('directives', () => {
  it('stand above everything else', () => {
    const escapeOf = (text: string) => parseDockerfile(`${text}\nFROM a`).directives.escape;
    expect(escapeOf('#  ESCAPE = `  ')).toBe('`');
    expect(escapeOf('#!/usr/bin/x\n# escape=`')).toBe('\\');
    expect(escapeOf('# comment\n# escape=`')).toBe('\\');
    expect(escapeOf('\n# escape=`')).toBe('\\');
    expect(parseDockerfile('#!/usr/bin/x\n# syntax=a/b\nFROM c').directives.syntax?.text).toBe('a/b');
  });

  it("tell Docker's language from others", () => {
    const own = [
      'docker/dockerfile',
      'docker/dockerfile:1',
      'docker.io/docker/dockerfile:1.7-labs',
      `docker/dockerfile:1@sha256:${'0'.repeat(64)}`,
    ];
    expect(own.filter((image) => !isDockerFrontend(image))).toEqual([]);
    expect(
      ['docker/dockerfiles', 'example.com/me/dockerfile', 'a/docker/dockerfile:1'].filter(isDockerFrontend),
    ).toEqual([]);
  });
});

describe('heredocs', () => {
  it('are the script, or go to the shell with it', () => {
    const script = (text: string) => {
      const run = only(text);
      if (run.kind !== 'run') throw new Error('no RUN');
      return runScript(run);
    };
    expect(script('RUN a b')).toBe('a b');
    expect(script('RUN <<-E\n\ta\n\tE\n')).toBe('a\n');
    expect(script('RUN << E\n#!/bin/x\na\nE\n')).toBe('#!/bin/x\na\n');
    expect(script('RUN <<E cat <<F\na\nE\nb\nF\n')).toBe('<<E cat <<F\na\nE\nb\nF');
    expect(script('RUN echo $((1 << 2))')).toBe('echo $((1 << 2))');
  });

  it('go with a trigger, which is read again later', () => {
    const onbuild = only('ONBUILD COPY <<E /x\n$a\nE');
    if (onbuild.kind !== 'onbuild') throw new Error('no ONBUILD');
    expect(onbuild.trigger.text).toBe('COPY <<E /x\n$a\nE');
    const again = parseTrigger(onbuild.trigger.text);
    expect(again.kind === 'copy' && again.sources[0]?.kind === 'heredoc' && again.sources[0].heredoc.content).toBe(
      '$a\n',
    );
    expect(() => parseTrigger('RUN a\nRUN b')).toThrow(/one instruction/);
    expect(() => parseTrigger('FROM a')).toThrow(/isn't allowed/);
  });
});
