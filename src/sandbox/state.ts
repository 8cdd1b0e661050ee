/**
 * The directory that one running sandbox keeps its things in, and what becomes of it when pare was killed: the next run
 * finds it by its owner, who is gone, and takes it away.
 * @module
 */

import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../base/errors.ts';

/** Makes `STATE/run/PID-START-RANDOM`: a process is known by its number and the moment it started at. */
export async function makeRunDirectory(state: string): Promise<string> {
  const owner = `${process.pid}-${await startTime(process.pid)}`;
  const path = join(state, `${owner}-${randomBytes(6).toString('hex')}`);
  await mkdir(path, { recursive: true, mode: 0o700 });
  return path;
}

/** The run directories whose pare is no more. */
export async function abandonedDirectories(state: string): Promise<readonly string[]> {
  const abandoned: string[] = [];
  for (const name of await names(state)) {
    const [pid, start] = name.split('-');
    if (pid !== undefined && start !== undefined && (await startTime(Number(pid))) !== start) {
      abandoned.push(join(state, name));
    }
  }
  return abandoned;
}

async function names(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** proc_pid_stat(5), field 22: clock ticks after boot; undefined where there is no such process. */
async function startTime(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, and may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch (error) {
    if (systemCode(error) !== undefined) return undefined;
    throw error;
  }
}
