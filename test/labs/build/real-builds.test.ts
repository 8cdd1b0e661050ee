/**
 * Programs in C, Go, Python, JavaScript and Java, built from a local registry's bases by Docker's BuildKit and by pare, as root and
 * as an ordinary user: the images are equal but for what a table names, they work, and a second build does nothing.
 * `docs/real-builds.md` is written from what was seen. It takes about an hour on two processors, and needs package registries.
 */
import { chmod, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientWithBuildKit } from '../../../bench/lib/docker.ts';
import { carriedOut } from '../../e2e/build/carried-out.ts';
import { compareImages } from '../../e2e/build/image-differences.ts';
import { startDocker } from '../../e2e/daemon.ts';
import { machineHas } from '../../e2e/needs.ts';
import { output } from '../../e2e/programs/command.ts';
import { type DockerRegistry, startDockerRegistry } from '../../e2e/registry/docker-registry.ts';
import { ordinaryUser, type Person, root } from '../../e2e/run/people.ts';
import { pushBases } from './bases.ts';
import { machineOptions } from './machine.ts';
import { PROJECTS, type Project } from './projects.ts';
import { keepResult, type Times, writePage } from './results.ts';
import { sandboxOf } from './sandbox.ts';

const SOURCES = fileURLToPath(new URL('projects/', import.meta.url));
const LONG = 60 * 60_000;

const ready = machineHas({
  root: true,
  programs: ['runc', 'newuidmap', 'useradd', 'setpriv', 'dockerd', 'docker-registry', 'mmdebstrap'],
});

describe.runIf(ready)('real builds', () => {
  let directory: string;
  let registry: DockerRegistry;
  let options: readonly string[];

  beforeAll(async () => {
    directory = await mkdtemp('/var/tmp/pare-real-');
    await chmod(directory, 0o755);
    registry = await startDockerRegistry();
    await pushBases(registry.host);
    const secrets = join(directory, 'secrets');
    await mkdir(secrets);
    options = ['--build-arg', `REGISTRY=${registry.host}`, ...(await machineOptions(secrets))];
  }, LONG);

  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
    await writePage(PROJECTS);
  });

  describe.each(PROJECTS.map((project) => [project.name, project] as const))('%s', (name, project) => {
    let place: string;
    let words: readonly string[];
    let docker: Times;

    beforeAll(async () => {
      place = join(directory, name);
      await mkdir(place);
      await cp(join(SOURCES, name), join(place, 'context'), { recursive: true });
      words = [...options, ...project.options];
      docker = await buildByDocker(words, place);
    }, LONG);

    afterAll(() => rm(place, { recursive: true, force: true }));

    test.each([
      ['root', root],
      ['an ordinary user', ordinaryUser],
    ])('built by %s', async (who, become) => {
      await using person = await become();
      const times = await buildByPare(person, words, join(place, 'context'));
      const ours = `docker-archive:${person.home}/made.tar`;
      await succeeds(person, ['copy', 'made', ours]);
      const theirs = `docker-archive:${place}/docker.tar`;
      const compared = await compareImages(theirs, ours, project.exemptions, join(place, 'store'));
      expect(compared.differences).toEqual([]);
      const sandbox = sandboxOf(person);
      await project.works(sandbox, 'made');
      const packed = project.pack && (await pack(person, project.pack, words, place));
      if (packed !== undefined) await project.pack?.works(sandbox, 'packed', 'made');
      await keepResult(name, who, { ...compared, times, docker, ...(packed === undefined ? {} : { packed }) });
    });
  });
});

/** Leaves `docker.tar` in the place. */
async function buildByDocker(words: readonly string[], place: string): Promise<Times> {
  await using daemon = await startDocker();
  const client = clientWithBuildKit(daemon.env);
  if (client === undefined) throw new Error('no docker client that builds by BuildKit');
  const env = { ...daemon.env, DOCKER_BUILDKIT: '1' };
  const line = [client, 'build', '--network=host', ...words, '-t', 'made', join(place, 'context')];
  const build = () => timed(() => output(line, { env, timeout: LONG }));
  const times = { cold: await build(), unchanged: await build() };
  await output([client, 'save', '-o', join(place, 'docker.tar'), 'made'], { env, timeout: LONG });
  return times;
}

/** Twice: the second build carries no step out, and gives the same image. */
async function buildByPare(person: Person, words: readonly string[], context: string): Promise<Times> {
  const line = ['build', '--progress', 'plain', ...words, '-t', 'made', context];
  const [first, second] = [await build(person, line), await build(person, line)];
  expect(second.digest).toBe(first.digest);
  expect(second.steps).toEqual([]);
  expect(first.steps.length).toBeGreaterThan(2);
  return { cold: first.seconds, unchanged: second.seconds };
}

async function build(person: Person, line: readonly string[]) {
  let [digest, told] = ['', ''];
  const seconds = await timed(async () => {
    ({ stdout: digest, stderr: told } = await succeeds(person, line));
  });
  return { digest, seconds, steps: carriedOut(told) };
}

/** Of the stage that is built already. @returns bytes of the regular files */
async function pack(
  person: Person,
  { target, program }: NonNullable<Project['pack']>,
  words: readonly string[],
  place: string,
): Promise<number> {
  const line = ['build', ...words, '--target', target, '--pack', program, '-t', 'packed', join(place, 'context')];
  await succeeds(person, line);
  const { stdout } = await succeeds(person, ['inspect', '--json', 'packed']);
  return (JSON.parse(stdout) as { unpacked: number }).unpacked;
}

async function succeeds(person: Person, line: readonly string[]) {
  const ended = await person.pare(line);
  if (ended.status !== 0) throw new Error(`pare ${line.join(' ')} ended with ${ended.status}:\n${ended.stderr}`);
  return ended;
}

/** @returns seconds */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
