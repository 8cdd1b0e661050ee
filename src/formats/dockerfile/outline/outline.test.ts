// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the language's syntax that is tested
import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../parse.ts';
import { outlineOf } from './outline.ts';
import { targetsOf } from './targets.ts';

const TEXT = `# VERSION which Go builds it
ARG VERSION=1.22
ARG IMAGE=golang:$VERSION
ARG UNUSED=1
# build compiles
FROM $IMAGE AS build
# TAGS of go build
ARG TAGS="a b"
RUN --mount=type=secret,id=token,required --mount=type=ssh go build
RUN --mount=type=secret,target=/run/secrets/other true
FROM scratch AS beside
ARG BESIDE=1
# release is what is shipped
FROM scratch AS Release
COPY --from=build /app /app
ARG LABEL
FROM release
`;
const FILE = parseDockerfile(TEXT);

describe('targetsOf', () => {
  it('gives the stages, the last one as the default', () => {
    const targets = targetsOf(FILE).map(({ name, description, base, isDefault, range }) => {
      return [name, description, base, isDefault, range.start.line];
    });
    expect(targets).toEqual([
      ['build', 'compiles', '$IMAGE', false, 6],
      ['beside', undefined, 'scratch', false, 11],
      ['release', 'is what is shipped', 'scratch', false, 14],
      [undefined, undefined, 'release', true, 17],
    ]);
  });
});

describe('outlineOf', () => {
  it('gives what the target and the stages it needs take', () => {
    const { name, description, args, secrets, ssh } = outlineOf(FILE, { target: 'release', buildArgs: new Map() });
    expect([name, description]).toEqual(['release', 'is what is shipped']);
    expect(args.map((one) => [one.name, one.value, one.description, one.range.start.line])).toEqual([
      ['VERSION', '1.22', 'which Go builds it', 2],
      ['IMAGE', 'golang:1.22', undefined, 3],
      ['TAGS', 'a b', 'of go build', 8],
      ['LABEL', undefined, undefined, 16],
    ]);
    expect(secrets.map(({ id, isRequired }) => [id, isRequired])).toEqual([
      ['token', true],
      ['other', false],
    ]);
    expect(ssh.map(({ id, isRequired }) => [id, isRequired])).toEqual([['default', false]]);
  });

  it('fills in what is given, and leaves out what is beside', () => {
    const { args } = outlineOf(FILE, { target: undefined, buildArgs: new Map([['VERSION', '2']]) });
    expect(args.map(({ name, value }) => `${name}=${value}`)).toEqual([
      'VERSION=2',
      'IMAGE=golang:2',
      'TAGS=a b',
      'LABEL=undefined',
    ]);
    const beside = outlineOf(FILE, { target: 'beside', buildArgs: new Map() });
    expect(beside.args.map(({ name }) => name)).toEqual(['BESIDE']);
    expect(beside.secrets).toEqual([]);
  });

  it('says where there is no such target', () => {
    expect(() => outlineOf(FILE, { target: 'relase', buildArgs: new Map() })).toThrow('no stage is called "relase"');
  });
});
