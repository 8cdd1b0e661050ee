/** How the program of a step is started: by runc, by crun, or by ourselves. @module */
import { readdirSync, rmdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { systemCode } from '../../base/errors.ts';
import type { Standing } from '../namespace.ts';
import { CHROOT } from '../runtime.ts';
import type { RuntimeSpec } from '../runtime-spec.ts';
import type { ProgramRequest } from './helper/protocol.ts';

export interface Starting {
  /** Path of runc or crun, or {@link CHROOT}. */
  readonly runtime: string;
  /** Name of the step's place, which is the container's as well. */
  readonly place: string;
  /** Absolute path of the directory with the document. */
  readonly bundle: string;
  readonly who: Standing;
  /** Words that start pare's own verb `step-helper`. */
  readonly helperCommand: readonly string[];
}

export function programOf(spec: RuntimeSpec, { runtime, place, bundle, who, helperCommand }: Starting): ProgramRequest {
  const log = join(bundle, 'log');
  const name = basename(runtime);
  if (runtime === CHROOT) {
    return { log, runtime: name, command: containCommand(spec, bundle, helperCommand), killCommand: undefined };
  }
  const own = who !== 'root' && name === 'crun' ? ['--cgroup-manager=disabled'] : [];
  const base = [runtime, '--root', join(bundle, 'state'), '--log', log, '--log-format', 'json', ...own];
  const id = container(place);
  return {
    log,
    runtime: name,
    command: [...base, 'run', '--bundle', bundle, id],
    killCommand: [...base, 'delete', '--force', id],
  };
}

/** unshare(1) makes the namespaces, pare itself becomes the program; a terminal of its own is script(1)'s to make. */
function containCommand(
  { process: { terminal }, linux: { namespaces } }: RuntimeSpec,
  bundle: string,
  helperCommand: readonly string[],
): readonly string[] {
  const network = namespaces.some(({ type }) => type === 'network') ? ['--net'] : [];
  const unshare = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--ipc', '--uts', ...network, '--'];
  const command = [...unshare, ...helperCommand, '--contain', bundle];
  if (!terminal) return command;
  const line = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  return ['script', '--quiet', '--return', '--command', line, '/dev/null'];
}

const container = (place: string): string => `pare-${place}`;

/** Groups of a step whose pare was killed are empty, and stay until somebody removes them. */
export function removeCgroups(place: string): void {
  const top = '/sys/fs/cgroup';
  for (const path of [top, ...directoriesIn(top)]) {
    try {
      rmdirSync(join(path, container(place)));
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
  }
}

function directoriesIn(path: string): readonly string[] {
  try {
    return readdirSync(path).map((name) => join(path, name));
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return [];
  }
}
