/** What processes have used, as /proc tells (proc_pid_stat(5), proc_pid_status(5)). @module */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

export interface Used {
  /** User and system time of the processes and of their children that have ended. */
  readonly seconds: number;
  /** The largest resident memory of one of them since {@link forgetPeak}, bytes. */
  readonly peak: number;
}

const TICKS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** A process and all below it. */
export function withChildren(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    const parent = Number(fieldsOf(Number(name))?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const below = (one: number): readonly number[] => [one, ...(children.get(one) ?? []).flatMap(below)];
  return below(pid);
}

export function used(pids: readonly number[]): Used {
  let ticks = 0;
  let peak = 0;
  for (const pid of pids) {
    const fields = fieldsOf(pid);
    for (const field of fields?.slice(11, 15) ?? []) ticks += Number(field);
    peak = Math.max(peak, peakOf(pid));
  }
  return { seconds: ticks / TICKS, peak };
}

/** Peaks begin anew. */
export function forgetPeak(pids: readonly number[]): void {
  for (const pid of pids) if (existsSync(`/proc/${pid}`)) writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** Behind the name, which may hold anything: state, parent …; undefined where the process has ended. */
function fieldsOf(pid: number): readonly string[] | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

function peakOf(pid: number): number {
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

/** Undefined where the process has ended. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
