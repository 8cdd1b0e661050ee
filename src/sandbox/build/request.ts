/** What the helper is asked to do for a step: mounts, files, the runtime's document, and how the program is started. @module */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isWithin } from '../../base/path.ts';
import type { BuildStep, StepMount, StepProcess } from '../../ports/build-steps.ts';
import { treeFiles } from '../../ports/tree-files.ts';
import { allCapabilities } from '../capabilities.ts';
import { DEFAULT_PATH } from '../docker-defaults.ts';
import type { Standing } from '../namespace.ts';
import { preflight } from '../preflight.ts';
import { type RuntimeSpec, runtimeSpec } from '../runtime-spec.ts';
import { suppliedContents } from '../supplied.ts';
import { programUser } from '../users.ts';
import { LAYER } from './directories.ts';
import type { HelperFile, RunRequest, ShellRequest } from './helper/protocol.ts';
import { mountPoints, overlayOf, type Preparation, prepareMount, SCRATCH, type Workshop } from './mounts.ts';
import { programOf, type Starting } from './program.ts';

/** What steps are made with. */
export interface StepTools extends Workshop {
  readonly who: Standing;
  /** Words that start pare's own verb `step-helper`. */
  readonly helperCommand: readonly string[];
}

/** Where a step is run, and with what. */
export interface Attempt extends Pick<Preparation, 'place' | 'run'> {
  /** Path of runc or crun, or CHROOT. */
  readonly runtime: string;
}

/** @throws SandboxError for a program that is not there; ImageError NOT_FOUND for a user or a mount's source that is not */
export async function prepareStep(
  step: BuildStep,
  attempt: Attempt & Pick<Preparation, 'stack'>,
  tools: StepTools,
): Promise<{ readonly request: RunRequest; readonly spec: RuntimeSpec }> {
  const prepared: Preparation = { ...attempt, mounts: [], files: [], owners: [], shown: [], variables: [] };
  const { place } = prepared;
  const taken = new Set(step.mounts.flatMap((mount) => ('path' in mount ? [mount.path] : [])));
  const texts = await suppliedContents(step, step.extraHosts);
  const supplied = Object.entries(texts).filter(([path]) => !taken.has(path));
  const points = mountPoints(
    step.mounts,
    supplied.map(([path]) => path),
  );
  const root = await overlayOf(step.root, { name: LAYER, points, readOnly: false }, prepared, tools);
  for (const [i, mount] of step.mounts.entries()) await prepareMount(mount, i, step.mounts, prepared, tools);
  mkdirSync(join(place.path, SCRATCH), { mode: 0o700 });
  const scratch = join(place.name, SCRATCH);
  for (const [path, text] of supplied) supply(path, text, scratch, prepared, tools);
  const spec = await specOf(step, root, prepared, tools);
  const request = {
    scratch,
    mounts: prepared.mounts,
    files: [...prepared.files, configFile(spec, scratch)],
    owners: prepared.owners,
    program: programOf(spec, starting(scratch, attempt, tools)),
    stdin: base64(step.stdin ?? ''),
    holds: step.inspect !== undefined,
  };
  return { request, spec };
}

/** Another program in what a step has left: in a bundle of its own. */
export function shellRequest(
  args: readonly string[],
  spec: RuntimeSpec,
  attempt: Attempt,
  tools: StepTools,
): ShellRequest {
  const bundle = join(attempt.place.name, SCRATCH, 'shell');
  const env = [`TERM=${process.env['TERM'] ?? 'xterm'}`, ...spec.process.env];
  const own = { ...spec, process: { ...spec.process, args, env, terminal: true } };
  return { files: [configFile(own, bundle)], program: programOf(own, starting(bundle, attempt, tools)) };
}

function starting(bundle: string, { runtime, place }: Attempt, tools: StepTools): Starting {
  const { snapshots, who, helperCommand } = tools;
  return { runtime, place: place.name, bundle: join(snapshots.directory, bundle), who, helperCommand };
}

function configFile(spec: RuntimeSpec, bundle: string): HelperFile {
  return { path: join(bundle, 'config.json'), mode: 0o600, uid: 0, gid: 0, content: base64(JSON.stringify(spec)) };
}

const base64 = (data: string | Uint8Array): string => Buffer.from(data as Uint8Array).toString('base64');

function supply(
  path: string,
  text: string,
  scratch: string,
  { files, shown }: Preparation,
  { snapshots }: Workshop,
): void {
  const file = join(scratch, path.replaceAll('/', '_'));
  files.push({ path: file, mode: 0o644, uid: 0, gid: 0, content: base64(text) });
  const source = join(snapshots.directory, file);
  shown.push({ destination: path, type: 'bind', source, options: ['rbind', 'rprivate', 'rw'] });
}

async function specOf(
  step: BuildStep,
  root: string,
  prepared: Preparation,
  { snapshots, who }: StepTools,
): Promise<RuntimeSpec> {
  const files = treeFiles(step.root.tree);
  const { args, cwd, user } = step.process;
  const { uid, gid, groups, home } = await programUser(files, user);
  const env = environment([...step.process.env, ...prepared.variables], home);
  // As Docker and BuildKit have it: what is denied to a group is denied to whoever is of it, by whichever way.
  const all = [...new Set([gid, ...groups])].sort((a, b) => a - b);
  const process = { args, env, cwd, uid, gid, groups: all };
  const { hostname, network, shmSize, ulimits } = step;
  const rest = {
    hostname,
    network,
    readOnly: false,
    scratch: [],
    stdin: true,
    terminal: false,
    output: 'inherit',
  } as const;
  // What a mount may supply, the runtime has to say.
  if (!step.mounts.some((mount) => maySupply(mount, step.process)))
    await preflight(files, { process, volumes: [], ...rest });
  return runtimeSpec(
    { root: '', process, volumes: [], ...rest },
    {
      root: join(snapshots.directory, root),
      supplied: [],
      privileged: who === 'root',
      mounts: prepared.shown,
      ulimits,
      ...(step.security === 'insecure' ? { insecure: allCapabilities(who) } : {}),
      ...(shmSize === undefined ? {} : { shmSize }),
    },
  );
}

/** Where programs and what loads them are, as a rule. */
const PROGRAMS = /^\/(bin|sbin|lib\w*|usr|opt)(\/|$)/;

/** Whether the program, or what it is loaded by, may come from the mount. */
function maySupply(mount: StepMount, { args: [name = ''], cwd }: StepProcess): boolean {
  if (mount.kind !== 'bind' && mount.kind !== 'cache') return false;
  return (
    mount.path === '/' ||
    PROGRAMS.test(mount.path) ||
    !name.startsWith('/') ||
    isWithin(name, mount.path) ||
    isWithin(cwd, mount.path)
  );
}

/** The last value of each name. */
function environment(lines: readonly string[], home: string): readonly string[] {
  const values = new Map([
    ['PATH', DEFAULT_PATH],
    ['HOME', home],
  ]);
  for (const line of lines) {
    const cut = line.indexOf('=');
    if (cut > 0) values.set(line.slice(0, cut), line.slice(cut + 1));
  }
  return [...values].map(([name, value]) => `${name}=${value}`);
}
