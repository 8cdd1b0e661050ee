/** Temporary directories in which daemons mount, and leave mounts behind. @module */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';

/** Removes a directory with what is mounted in it (proc_pid_mountinfo(5): field 5 is the mount point). */
export function removeWithMounts(dir: string): void {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${dir}/`));
  for (const point of points.reverse()) execFileSync('umount', [point]);
  rmSync(dir, { recursive: true, force: true });
}
