/**
 * What BuildKit made of the builds of `cases/` (`scripts/goldens.ts` recorded it) is what is made of them here: tree, config and
 * history. What differs is named with its reason, and fails here as soon as it does not differ any more.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineHas } from '../needs.ts';
import { BUILDKIT_DIFFERENCES } from './buildkit-differences.ts';
import { GROUPS } from './cases/index.ts';
import { makeBaseImage } from './oracle/base.ts';
import { type Builder, pare } from './oracle/builders.ts';
import { buildGolden, type Golden, goldenDifferences, type Place } from './oracle/golden.ts';
import { type Servers, startServers } from './oracle/servers.ts';

const programs = ['runc', 'gcc', 'tar', 'git', 'xz', 'zstd', 'bzip2', 'mkfifo'];
const ready = machineHas({ root: true, programs }) && existsSync('/bin/busybox');

describe.runIf(ready)('as BuildKit builds', () => {
  let directory: string;
  let servers: Servers;
  let builder: Builder;
  let place: Place;

  beforeAll(async () => {
    directory = mkdtempSync('/var/tmp/pare-buildkit-');
    servers = await startServers(directory);
    builder = pare(directory);
    place = { directory, servers, base: await makeBaseImage(directory) };
  });
  afterAll(async () => {
    await servers[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  describe.each(Object.keys(GROUPS))('%s', (group) => {
    const path = new URL(`goldens/${group}.json`, import.meta.url);
    const goldens = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, Golden>>;

    test('all cases are recorded', () => {
      expect(Object.keys(goldens)).toEqual(GROUPS[group]?.map(({ name }) => name));
    });

    test.each(GROUPS[group] ?? [])('$name', async (one) => {
      const differences = goldenDifferences(goldens[one.name] as Golden, await buildGolden(one, builder, place));
      const expected = BUILDKIT_DIFFERENCES[`${group}: ${one.name}`];
      if (expected === undefined) return expect(differences).toEqual([]);
      expect(differences).not.toEqual([]);
      for (const line of differences) expect(line).toMatch(expected.lines);
    });
  });
});
