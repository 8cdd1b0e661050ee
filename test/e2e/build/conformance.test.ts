/**
 * Buildah's conformance cases: 77 with a tree and a config that buildah made, those that must fail, and those that only Docker or
 * reason can judge. A case that differs is named with its reason, and fails here as soon as it does not differ any more.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sharedFixture } from '../../shared.ts';
import { machineHas } from '../needs.ts';
import { type Built, buildCase, type Case, differences, makeBase } from './conformance-case.ts';
import { EXPECTED_DIFFERENCES, EXPECTED_FAILURES, EXPECTED_TREES } from './conformance-table.ts';

const fixture = sharedFixture('buildah-conformance');
const ready = fixture !== undefined && machineHas({ root: true, programs: ['runc', 'tar'] });
const index = fixture === undefined ? [] : (JSON.parse(readFileSync(`${fixture}/index.json`, 'utf8')) as Case[]);
const cases = `${fixture}/cases`;

describe.runIf(ready)('buildah conformance', () => {
  let directory: string;
  let base: string;
  let baseTree: ReadonlySet<string>;

  beforeAll(async () => {
    directory = mkdtempSync('/var/tmp/pare-conformance-');
    const rootfs = join(fixture ?? '', 'base-busybox-standin.rootfs.tar');
    base = await makeBase(rootfs, directory);
    const listed = execFileSync('tar', ['-tf', rootfs], { encoding: 'utf8' }).split('\n');
    baseTree = new Set(listed.map((path) => path.replace(/^\.\//, '').replace(/\/$/, '')));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('all cases are there', () => expect(index).toHaveLength(93));

  test.each(index.map((one) => [one.id, one] as const))('%s', async (id, one) => {
    const failure = EXPECTED_FAILURES[id];
    if (failure !== undefined) {
      await expect(buildCase(one, cases, directory, base)).rejects.toThrow(failure);
      return;
    }
    const built = await buildCase(one, cases, directory, base);
    const tree = EXPECTED_TREES[id];
    if (tree !== undefined) {
      expect(ownPaths(built, baseTree)).toEqual(tree);
      return;
    }
    expect(differences(one, built, cases)).toEqual(EXPECTED_DIFFERENCES[id]?.lines ?? []);
  });
});

/** What is not the base's, and which paths are one file. */
function ownPaths({ tree }: Built, base: ReadonlySet<string>): readonly string[] {
  const own = [...tree].filter(([path]) => !base.has(path));
  return own.map(([path, { sameInodeAs }]) => (sameInodeAs === undefined ? path : `${path} = ${sameInodeAs}`));
}
