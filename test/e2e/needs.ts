/** What a test needs of the machine. In CI a missing part is a failure; elsewhere the test says why it is skipped. @module */
import { spawnSync } from 'node:child_process';

export interface Needs {
  readonly root?: boolean;
  readonly programs?: readonly string[];
}

/** Whether all is there. @throws Error in CI, where nothing may be missing */
export function machineHas({ root = false, programs = [] }: Needs): boolean {
  const path = `${process.env['PATH']}:/usr/sbin:/sbin`;
  const missing = programs.filter(
    (program) =>
      spawnSync('sh', ['-c', 'command -v "$0"', program], { env: { ...process.env, PATH: path } }).status !== 0,
  );
  if (root && process.getuid?.() !== 0) missing.push('root');
  if (missing.length === 0) return true;
  const reason = `missing on this machine: ${missing.join(', ')} (scripts/setup installs what Debian has)`;
  if (process.env['CI'] !== undefined) throw new Error(reason);
  process.stderr.write(`skipped: ${reason}\n`);
  return false;
}
