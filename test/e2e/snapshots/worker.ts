/**
 * Runs what snapshotters owe, in namespaces of its own, which it enters first: `worker.ts erofs|directories HOME`. Prints a JSON
 * object: what came of each case.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { directorySnapshots } from '../../../src/sandbox/build/directories.ts';
import { erofsSnapshots } from '../../../src/sandbox/build/erofs.ts';
import { type OverlayForm, PRIVILEGED } from '../../../src/sandbox/build/form.ts';
import { OWN_HANDS } from '../../../src/sandbox/build/hands.ts';
import { standing, withMounts } from '../../../src/sandbox/namespace.ts';
import { SNAPSHOT_CASES, type SnapshotterMaker, World } from '../../contract/snapshots.case.ts';

const [kind = '', home = '', inside] = process.argv.slice(2);

const IN_NAMESPACE: OverlayForm = {
  marks: 'user.overlay.',
  devices: false,
  mapped: (uid, gid) => uid < 65_536 && gid < 65_536,
  allXattrs: false,
};

function maker(who: string): SnapshotterMaker {
  return {
    form: who === 'root' ? PRIVILEGED : IN_NAMESPACE,
    home: mkdtempSync(join(home, 'case-')),
    holds: kind === 'erofs' ? 'image' : 'directory',
    make: (directory) => {
      const directories = directorySnapshots(directory, OWN_HANDS);
      return kind === 'erofs' ? [erofsSnapshots(directory), directories] : [directories];
    },
    draws: who !== 'root' ? 0 : kind === 'erofs' ? 40 : 6,
  };
}

/** `ok`, or what was wrong, by name of the case. */
export type Results = Readonly<Record<string, string>>;

async function runCases(who: string): Promise<Results> {
  const results: Record<string, string> = {};
  for (const { name, run } of SNAPSHOT_CASES) {
    const made = maker(who);
    process.chdir(made.home);
    try {
      await using open = new AsyncDisposableStack();
      await run(new World(made, open));
      results[name] = 'ok';
    } catch (error) {
      results[name] = (error as Error).stack ?? String(error);
    }
  }
  return results;
}

if (inside === undefined) {
  const who = standing();
  const [program, ...args] = [...withMounts(who), process.execPath, ...process.argv.slice(1), who];
  const { status } = spawnSync(program as string, args, { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} else process.stdout.write(JSON.stringify(await runCases(inside)));
