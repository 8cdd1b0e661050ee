import { expect, test } from 'vitest';
import { AMD64 } from '../../../test/solving.ts';
import type { BuildEvent } from '../../builders/dockerfile/ports.ts';
import { parseDockerfile } from '../../formats/dockerfile/parse.ts';
import type { BuildOptions } from './options.ts';
import { warnOfUnused } from './unused.ts';

const FILE = `ARG BASE=docker.io/library/debian:latest
FROM $BASE AS Build
RUN --mount=type=secret,id=npmrc --mount=type=ssh --mount=type=bind,from=tools,target=/t true
FROM build
COPY --from=assets /a /
ONBUILD COPY --from=later /a /
`;

function said(given: Partial<BuildOptions>, text = FILE): readonly string[] {
  const events: BuildEvent[] = [];
  const options = {
    ...{ platforms: [AMD64], args: new Map(), noCache: [], contexts: new Map(), secrets: new Map(), ssh: new Map() },
    ...given,
    report: (event: BuildEvent) => void events.push(event),
  } as Partial<BuildOptions> as BuildOptions;
  warnOfUnused(parseDockerfile(text), options);
  return events.map((event) => (event.kind === 'warning' ? event.text : event.kind));
}

const named = (...names: readonly string[]) => new Map(names.map((name) => [name, '.']));
const secrets = (...ids: readonly string[]) => new Map(ids.map((id) => [id, { kind: 'env', name: id } as const]));

test('a stage that is not there cannot be carried out anew', () => {
  expect(said({ noCache: ['build', 'Build'] })).toEqual([]);
  expect(said({ noCache: 'all' })).toEqual([]);
  expect(said({ noCache: ['biuld'] })).toEqual([
    'no stage is called biuld, given with --no-cache-filter (did you mean build?)',
  ]);
});

test('a context that nothing in the file names', () => {
  const used = ['debian', 'docker.io/library/debian', 'build', 'tools', 'assets::linux/arm64', 'later'];
  expect(said({ contexts: named(...used) })).toEqual([]);
  expect(said({ contexts: named('tolls', 'other') })).toEqual([
    'nothing takes from tolls, given with --build-context (did you mean tools?)',
    'nothing takes from other, given with --build-context',
  ]);
  expect(said({ contexts: named('alpine'), args: new Map([['BASE', 'alpine:latest']]) })).toEqual([]);
});

test('a secret or an agent that is nearly one that the file asks for, and no other', () => {
  expect(said({ secrets: secrets('npmrc', 'token', 'GIT_AUTH_TOKEN'), ssh: new Map([['default', []]]) })).toEqual([]);
  expect(said({ secrets: secrets('npm_rc') })).toEqual([
    'no RUN asks for npm_rc, given with --secret (did you mean npmrc?)',
  ]);
  expect(said({ secrets: secrets('npm_rc', 'npmrc') })).toEqual([]);
  expect(said({ secrets: secrets('npmrd') }, 'FROM a\nRUN --mount=type=secret,id=$ID true')).toEqual([]);
});
