/**
 * Records what BuildKit makes of the builds of `test/e2e/build/cases`: `node scripts/goldens.ts [GROUP…]`. Needs root, and
 * buildkitd and buildctl of the version that docs/conformance.md names in PATH. With `--compare` nothing is recorded, and what
 * pare makes of them is shown beside what was recorded.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { GROUPS } from '../test/e2e/build/cases/index.ts';
import { makeBaseImage } from '../test/e2e/build/oracle/base.ts';
import { type Builder, buildkitd, pare } from '../test/e2e/build/oracle/builders.ts';
import { buildGolden, type Golden, goldenDifferences } from '../test/e2e/build/oracle/golden.ts';
import { startServers } from '../test/e2e/build/oracle/servers.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { compare: { type: 'boolean', default: false }, case: { type: 'string' } },
});
const goldens = new URL('../test/e2e/build/goldens/', import.meta.url);
const directory = mkdtempSync('/var/tmp/pare-goldens-');
try {
  const base = await makeBaseImage(directory);
  await using servers = await startServers(directory);
  await using builder: Builder = values.compare ? pare(directory) : await buildkitd(directory);
  mkdirSync(goldens, { recursive: true });
  for (const [group, cases] of Object.entries(GROUPS)) {
    if (positionals.length > 0 && !positionals.includes(group)) continue;
    const path = new URL(`${group}.json`, goldens);
    const recorded: Record<string, Golden> = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
    const made: Record<string, Golden> = {};
    for (const one of cases) {
      if (values.case !== undefined && values.case !== one.name) {
        const before = recorded[one.name];
        if (before !== undefined) made[one.name] = before;
        continue;
      }
      const golden = await buildGolden(one, builder, { directory, base, servers });
      made[one.name] = golden;
      if (!values.compare) continue;
      const wanted = recorded[one.name];
      const lines = wanted === undefined ? ['not recorded'] : goldenDifferences(wanted, golden);
      if (lines.length > 0) console.log(`== ${group}: ${one.name}\n${one.dockerfile}\n  ${lines.join('\n  ')}`);
    }
    if (!values.compare) writeFileSync(path, `${JSON.stringify(made, undefined, 1)}\n`);
    console.error(`${group}: ${cases.length} cases`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
