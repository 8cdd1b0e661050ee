/**
 * Every option of `docker buildx build` (its reference, 0.29; hidden and classic ones from its source), given once: taken, or
 * refused with the reason that `docs/build.md` gives. The same for the arguments that speak to BuildKit.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImageError } from '../../base/errors.ts';
import { assertArguments, BUILDER_ARGUMENTS } from '../../operations/build/arguments.ts';
import type { Context } from '../command.ts';
import { parseAndRun } from '../program.ts';
import { REFUSED } from './refused.ts';

const DOCS = readFileSync(new URL('../../../docs/build.md', import.meta.url), 'utf8');

/** With words that docker takes. */
const TAKEN: readonly (readonly [option: string, ...words: readonly string[]])[] = [
  ['--add-host', 'db:10.0.0.5'],
  ['--allow', 'network.host'],
  ['--annotation', 'org.example.a=b'],
  ['--build-arg', 'A=b'],
  ['--build-context', 'base=docker-image://alpine'],
  ['--cache-from', 'type=local,src=cache'],
  ['--cache-to', 'type=local,dest=cache'],
  ['--call', 'build'],
  ['--check'],
  ['-D'],
  ['--debug'],
  ['--iidfile', 'id'],
  ['--label', 'a=b'],
  ['--load'],
  ['--metadata-file', 'metadata.json'],
  ['--network', 'default'],
  ['--no-cache'],
  ['--no-cache-filter', 'stage'],
  ['-o', 'type=cacheonly'],
  ['--output', 'out'],
  ['--platform', 'linux/amd64,linux/arm64'],
  ['--no-cache=true'],
  ['--push=false'],
  ['--progress', 'plain'],
  ['--progress', 'none'],
  ['--provenance', 'false'],
  ['--pull'],
  ['--push', '-t', 'name'],
  ['-q'],
  ['--quiet'],
  ['--sbom', 'false'],
  ['--secret', 'id=a,src=Dockerfile'],
  ['--shm-size', '64m'],
  ['--squash'],
  ['--ssh', 'default=/dev/null'],
  ['-t', 'name:tag'],
  ['--tag', 'name'],
  ['--target', 'stage'],
  ['--ulimit', 'nofile=1024:2048'],
  ['--compress', 'true'],
  ['--isolation', 'default'],
  ['--rm', 'true'],
  ['--force-rm', 'false'],
];

const REFUSED_WORDS: readonly (readonly [option: string, ...words: readonly string[]])[] = [
  ['--attest', 'type=sbom'],
  ['--builder', 'other'],
  ['--cgroup-parent', 'group'],
  ['--provenance', 'mode=max'],
  ['--sbom', 'true'],
  ['--security-opt', 'seccomp=unconfined'],
  ['-m', '1g'],
  ['--memory', '1g'],
  ['--memory-swap', '2g'],
  ['-c', '2'],
  ['--cpu-shares', '2'],
  ['--cpu-period', '1000'],
  ['--cpu-quota', '1000'],
  ['--cpuset-cpus', '0-3'],
  ['--cpuset-mems', '0'],
  ['--invoke', 'on-error'],
  ['--policy', 'filename=p.rego'],
  ['--isolation', 'hyperv'],
  ['--rm', 'false'],
  ['--disable-content-trust', 'false'],
];

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pare-options-'));
  writeFileSync(join(directory, 'Dockerfile'), 'FROM scratch AS stage\nLABEL a=b\n');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** As far as `--check`: options are read, nothing is built. */
async function build(...words: readonly string[]): Promise<void> {
  const nothing = () => undefined;
  const context: Context = {
    json: false,
    quiet: true,
    debug: false,
    insecure: false,
    run: {},
    env: { PARE_HOME: join(directory, 'store') },
    print: nothing,
    write: async () => undefined,
    printJson: nothing,
    note: nothing,
    exit: nothing,
    endProgress: nothing,
    takeSignals: () => ({ [Symbol.dispose]: nothing }),
  } as Partial<Context> as Context;
  const streams = { writeOut: nothing, writeErr: nothing };
  await parseAndRun(['build', '--check', ...words, directory], () => context, streams);
}

describe('every option of docker buildx build', () => {
  test.each(TAKEN)('%s is taken', async (...words) => {
    await build(...words);
    expect(DOCS).toContain(`\`${words[0]?.split('=')[0]}`);
  });

  test.each(REFUSED_WORDS)('%s is refused, with its reason', async (...words) => {
    const error = await build(...words).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    const [name = ''] = words;
    const one = REFUSED.find(({ flags }) => flags.split(/[ ,]+/).includes(name));
    expect(error).toBeInstanceOf(ImageError);
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(one?.reason ?? 'no reason') });
    expect(DOCS).toContain(`\`${name}`);
  });

  test('each that is refused is tried, and its reason is in the documentation', () => {
    const tried = new Set(REFUSED_WORDS.map(([option]) => option));
    for (const { flags, reason } of REFUSED) {
      const names = flags.match(/--?[a-z-]+/g) ?? [];
      const isHarmless = names.some((name) => TAKEN.some(([option]) => option === name));
      expect([flags, isHarmless || names.some((name) => tried.has(name))]).toEqual([flags, true]);
      expect(DOCS).toContain(reason);
    }
  });

  test('a value that docker would not take is not taken', async () => {
    const wrong = [
      ['--add-host', 'db'],
      ['--add-host', 'db:nowhere'],
      ['--secret', 'id=a,src=b,other=c'],
      ['--secret', 'id=a,type=other'],
      ['-o', 'type=other'],
      ['-o', 'type=local'],
      ['-o', 'type=tar,push=true'],
      ['-o', 'type=image,push-by-digest=true,push=true,name=a'],
      ['-o', '-', '-o', 'type=tar'],
      ['-o', 'type=docker', '--platform', 'linux/amd64,linux/arm64'],
      ['--push'],
      ['--annotation', 'nothing'],
      ['--annotation', 'other:a=b'],
      ['--platform', 'a/b/c/d'],
      ['--network', 'bridge'],
      ['--ulimit', 'nofile'],
      ['--ulimit', 'nofil=3'],
      ['--shm-size', 'much'],
      ['--build-arg', '=x'],
      ['--build-arg', ''],
      ['--label', '=x'],
      ['--push=maybe'],
      ['--allow', 'security.insecur'],
    ];
    for (const words of wrong) {
      await expect(build(...words), words.join(' ')).rejects.toMatchObject({ code: 'USAGE' });
    }
  });
});

describe('arguments that speak to the builder', () => {
  test.each(Object.entries(BUILDER_ARGUMENTS))('%s', (name, one) => {
    expect(DOCS).toContain(`\`${name}\``);
    if (one.kind !== 'honoured') expect(DOCS).toContain(one.why);
    const give = () => assertArguments(new Map([[name, '1']]));
    if (one.kind === 'refused') expect(give).toThrow(one.why);
    else expect(give).not.toThrow();
    expect(() => assertArguments(new Map([[name, 'false']]))).not.toThrow();
  });
});
