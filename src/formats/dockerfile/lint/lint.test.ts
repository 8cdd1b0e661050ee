import { describe, expect, it } from 'vitest';
import { compileIgnore } from '../ignore.ts';
import { parseDockerfile } from '../parse.ts';
import { lint, lintFails } from './lint.ts';
import type { LintOptions } from './report.ts';
import { EXPERIMENTAL_RULES, LINT_RULES, type LintRule } from './rules.ts';

/** Rule and line of each finding. */
function found(text: string, options: LintOptions = {}): string[] {
  const lines = `# check=experimental=all\n${text}`;
  return lint(parseDockerfile(lines), options).map(({ rule, range }) => `${rule}:${range.start.line - 1}`);
}

const BASE: LintOptions = { baseEnvironment: () => [['PATH', '/bin']] };
const IGNORE: LintOptions = { ignore: compileIgnore(['*/tmp/*', 'secret']) };
const PLATFORM: LintOptions = { basePlatform: () => ({ wanted: 'linux/arm64', found: 'linux/amd64' }) };

/** Rule → files with findings (of that rule alone, in these lines), and files without any. */
const CASES: Record<LintRule, { bad: [string, number[], LintOptions?][]; good: [string, LintOptions?][] }> = {
  ConsistentInstructionCasing: {
    bad: [
      ['FROM a\nRun b\nRUN c', [2]],
      ['from a\nrun b\nRUN c', [3]],
      ['FROM a\nworkdir /b', [2]],
    ],
    good: [['from a as b\nrun c'], ['FROM a AS b\nRUN c\nONBUILD run d']],
  },
  CopyIgnoredFile: {
    bad: [
      ['FROM a\nCOPY ./x/tmp/y b /c/', [2], IGNORE],
      ['FROM a\nADD secret/key /c', [2], IGNORE],
    ],
    good: [
      ['FROM a\nCOPY secret /c'],
      ['FROM a\nCOPY --from=b secret /c\nCOPY . /d\nADD https://secret/x /e\nADD git@secret:x /f', IGNORE],
      ['FROM a\nCOPY secret /c', { ignore: compileIgnore(['*', '!other']) }],
    ],
  },
  DuplicateStageName: { bad: [['FROM a AS b\nFROM c AS d\nFROM e AS b', [3]]], good: [['FROM a AS b\nFROM b AS c']] },
  ExposeInvalidFormat: {
    bad: [['FROM a\nEXPOSE 127.0.0.1:80:80 81 82:82', [2, 2]]],
    good: [['FROM a\nEXPOSE 80 81/udp 82-83']],
  },
  ExposeProtoCasing: { bad: [['FROM a\nEXPOSE 80/TcP', [2]]], good: [['FROM a\nEXPOSE 80/tcp 81']] },
  FromAsCasing: {
    bad: [
      ['FROM a as b', [1]],
      ['from a AS b', [1]],
    ],
    good: [['from a as b'], ['FROM a AS b']],
  },
  FromPlatformFlagConstDisallowed: {
    bad: [['FROM --platform=linux/amd64 a AS b', [1]]],
    good: [['FROM --platform=$BUILDPLATFORM a'], ['FROM --platform=linux/arm64 a AS for-arm64']],
  },
  InvalidBaseImagePlatform: { bad: [['FROM a', [1], PLATFORM]], good: [['FROM a']] },
  InvalidDefaultArgInFrom: {
    bad: [
      ['ARG TAG\nFROM a:$TAG', [2]],
      ['ARG NAME=A\nFROM $NAME', [2], { buildArgs: new Map([['NAME', 'b']]) }],
    ],
    good: [['ARG TAG=1\nFROM a:${TAG}'], ['ARG TAG\nFROM a:${TAG:-1}'], ['FROM a AS B-1\nFROM B-1']],
  },
  InvalidDefinitionDescription: {
    bad: [
      ['# some words\nFROM a AS b', [2]],
      ['FROM a\n# some words\nARG b=1', [3]],
    ],
    good: [
      ['# b is it\nFROM a AS b'],
      ['# some words\n\nFROM a AS b'],
      ['# words\nFROM a\n#\nARG b'],
      ['FROM a\n# b is it\nARG b'],
    ],
  },
  JSONArgsRecommended: {
    bad: [['FROM a\nCMD b c\nENTRYPOINT d', [2, 3]]],
    good: [['FROM a\nCMD ["b"]'], ['FROM a AS b\nSHELL ["/bin/bash", "-c"]\nFROM b\nCMD exec c']],
  },
  LegacyKeyValueFormat: { bad: [['FROM a\nENV b c\nLABEL d e', [2, 3]]], good: [['FROM a\nENV b=c\nLABEL d=e']] },
  MaintainerDeprecated: { bad: [['FROM a\nMAINTAINER b', [2]]], good: [['FROM a\nLABEL b=c']] },
  MultipleInstructionsDisallowed: {
    bad: [
      ['FROM a\nCMD ["b"]\nCMD ["c"]\nCMD ["d"]', [2, 3]],
      ['FROM a\nHEALTHCHECK NONE\nENTRYPOINT ["c"]\nHEALTHCHECK CMD b\nENTRYPOINT ["c"]', [2, 3]],
    ],
    good: [['FROM a AS b\nCMD ["c"]\nFROM b\nCMD ["d"]\nENTRYPOINT ["e"]']],
  },
  NoEmptyContinuation: {
    bad: [['FROM a\nRUN b \\\n\n\n c \\\n\n d\nRUN e \\\n\n f', [3, 9]]],
    good: [['FROM a\nRUN b \\\n # c\n d\n\nRUN <<E\n\nE']],
  },
  RedundantTargetPlatform: {
    bad: [['FROM --platform=${TARGETPLATFORM} a', [1]]],
    good: [['FROM --platform=$BUILDPLATFORM a'], ['FROM --platform=${TARGETPLATFORM}/v8 a']],
  },
  ReservedStageName: { bad: [['FROM a AS scratch\nFROM b AS context', [1, 2]]], good: [['FROM scratch AS contexts']] },
  SecretsUsedInArgOrEnv: {
    bad: [['FROM a\nARG GITHUB_TOKEN\nENV b=c MY_password=d\nARG KEY=e', [2, 3, 4]]],
    good: [['FROM a\nARG TOKENS PUBLIC_KEY KEY_FILE MONKEY\nENV author=d TOKEN_VERSION=1']],
  },
  StageNameCasing: { bad: [['FROM a AS Base', [1]]], good: [['FROM a AS base']] },
  UndefinedArgInFrom: {
    bad: [
      ['ARG VERSION=1\nFROM a:1$VERSOIN', [2]],
      ['FROM --platform=$X a', [1]],
    ],
    good: [
      ['ARG A\nFROM a${A}'],
      ['FROM --platform=$BUILDPLATFORM a'],
      ['FROM ${B:-a}'],
      ['ARG b\nARG C=$b\nFROM a$C'],
    ],
  },
  UndefinedVar: {
    bad: [
      ['FROM a\nENV PATH=$PAHT:/b', [2], BASE],
      ['FROM scratch\nCOPY <<E $b\n$c\nE', [2, 2]],
      ['FROM scratch\nENV a=1 b=$a', [2]],
      ['FROM a AS b\nARG c=1\nFROM b\nUSER $d', [4], BASE],
      ['FROM scratch\nRUN --mount=type=cache,target=$x y', [2]],
    ],
    good: [
      ['FROM a\nENV PATH=$PAHT'],
      ['FROM a\nARG b\nENV c=$b d=${e:-f} PATH=$PATH\nUSER $c\nRUN $g\nCOPY <<"E" /\n$h\nE', BASE],
      ['ARG a=1\nFROM scratch AS s\nARG a\nENV b=$a\nFROM s\nWORKDIR /$b'],
    ],
  },
  WorkdirRelativePath: {
    bad: [['FROM a\nWORKDIR b\nWORKDIR c', [2]]],
    good: [
      ['FROM a AS b\nWORKDIR /c\nWORKDIR d\nFROM b\nWORKDIR e'],
      ['FROM scratch\nENV a=/b\nWORKDIR $a/c'],
      ['FROM a\nWORKDIR C:/d'],
    ],
  },
};

describe.each(Object.keys(LINT_RULES) as LintRule[])('%s', (rule) => {
  it.each(CASES[rule].bad)('finds %j', (text, lines, options) => {
    expect(found(text, options).filter((one) => one.startsWith(`${rule}:`))).toEqual(
      lines.map((line) => `${rule}:${line}`),
    );
  });
  it.each(CASES[rule].good)('is content with %j', (text, options) => {
    expect(found(text, options).filter((one) => one.startsWith(`${rule}:`))).toEqual([]);
  });
});

it('a command that is nearly JSON is told to be none', () => {
  const said = (text: string) => lint(parseDockerfile(text)).map(({ message }) => message);
  expect(said("FROM a\nCMD ['b']")).toEqual([expect.stringMatching(/no JSON/)]);
  expect(said('FROM a\nCMD b')).toEqual([expect.not.stringMatching(/no JSON/)]);
});

describe('the directive check', () => {
  const text = 'FROM a as B\nMAINTAINER c';
  it('leaves rules out, and says whether findings end the build', () => {
    const rules = (directive: string) => lint(parseDockerfile(`${directive}\n${text}`)).map(({ rule }) => rule);
    expect(rules('')).toEqual(['FromAsCasing', 'StageNameCasing', 'MaintainerDeprecated']);
    expect(rules('# check=skip=FromAsCasing,MaintainerDeprecated')).toEqual(['StageNameCasing']);
    expect(rules('# check=skip=all')).toEqual([]);
    expect(EXPERIMENTAL_RULES).toEqual(['InvalidDefinitionDescription']);
    expect(rules('# some comment')).not.toContain('InvalidDefinitionDescription');

    const strict = parseDockerfile(`# check=error=true\n${text}`);
    expect(lintFails(strict, lint(strict))).toBe(true);
    expect(lintFails(strict, [])).toBe(false);
    const check = { skip: 'all', error: true, experimental: [] } as const;
    expect(lint(strict, { check })).toEqual([]);
    expect(lintFails(parseDockerfile(text), lint(strict))).toBe(false);
  });

  it('says where and what, with a suggestion', () => {
    const [finding] = lint(parseDockerfile('ARG VERSION=1\nFROM a:1$VERSOIN'));
    expect(finding).toEqual({
      rule: 'UndefinedArgInFrom',
      message: "FROM uses the argument 'VERSOIN', which no ARG above the first FROM declares (did you mean VERSION?)",
      range: { start: { line: 2, column: 6 }, end: { line: 2, column: 17 } },
    });
  });
});
