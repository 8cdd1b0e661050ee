/**
 * From an image's config and what the user asks for to a request for the sandbox, by the rules of `docker run`.
 * @module
 */
import { ImageError } from '../base/errors.ts';
import { cleanPath } from '../base/path.ts';
import type { RunConfig } from '../formats/oci/types.ts';
import type { Files } from '../ports/files.ts';
import type { ProcessSpec, SandboxRequest, ScratchDirectory, Volume } from '../ports/sandbox.ts';
import { DEFAULT_PATH } from './docker-defaults.ts';
import { programUser } from './users.ts';

/** What the user may say; what is absent comes from the image. */
export interface RunOptions {
  /** In place of the image's command. */
  readonly args: readonly string[];
  /** In place of the image's entry point; `[]` for none. The image's command does not apply then. */
  readonly entrypoint?: readonly string[];
  /** `USER[:GROUP]` */
  readonly user?: string;
  readonly workdir?: string;
  /** `NAME=value`, later ones win. */
  readonly env: readonly string[];
  /** Directories to look for programs in before those of the image's PATH. */
  readonly extraPath: readonly string[];
  readonly volumes: readonly Volume[];
  readonly network: 'host' | 'none';
  readonly hostname: string;
  readonly readOnly: boolean;
  readonly stdin: boolean;
  readonly terminal: boolean;
}

/** A request, but for where the root filesystem is unpacked. */
export type RunPlan = Omit<SandboxRequest, 'root'>;

/** @throws ImageError USAGE where there is no program to run, NOT_FOUND for an unknown user */
export async function planRun(files: Files, config: RunConfig, options: RunOptions): Promise<RunPlan> {
  const { network, hostname, readOnly, stdin, terminal, volumes } = options;
  const process = await planProcess(files, config, options);
  const scratch = await scratchDirectories(files, config, options);
  return { process, hostname, network, readOnly, volumes, scratch, stdin, terminal, output: 'inherit' };
}

async function planProcess(files: Files, config: RunConfig, options: RunOptions): Promise<ProcessSpec> {
  const args = argumentsOf(config, options);
  const { uid, gid, groups, home } = await programUser(files, options.user ?? config.User ?? '');
  const cwd = cleanPath(options.workdir ?? (config.WorkingDir || '/'));
  return { args, env: environment(config, options, home), cwd, uid, gid, groups };
}

function argumentsOf(config: RunConfig, { args, entrypoint }: RunOptions): readonly string[] {
  const command = args.length > 0 || entrypoint !== undefined ? args : (config.Cmd ?? []);
  const all = [...(entrypoint ?? config.Entrypoint ?? []), ...command];
  if (all.length === 0) {
    const why = entrypoint === undefined ? 'the image has neither an entry point nor a command' : 'no command is given';
    throw new ImageError('USAGE', `there is no program to run: ${why}`, {
      hint: 'name one behind the image: pare run IMAGE PROGRAM ARGS…',
    });
  }
  return all;
}

/** The last value of each name, in the order in which the names came first. */
function environment(config: RunConfig, options: RunOptions, home: string): readonly string[] {
  const values = new Map<string, string>([['PATH', DEFAULT_PATH]]);
  values.set('HOSTNAME', options.hostname);
  if (options.terminal) values.set('TERM', 'xterm');
  for (const line of [...(config.Env ?? []), ...options.env]) {
    const cut = line.indexOf('=');
    if (cut > 0) values.set(line.slice(0, cut), line.slice(cut + 1));
  }
  if (!values.has('HOME')) values.set('HOME', home);
  const path = values.get('PATH') ?? DEFAULT_PATH;
  values.set('PATH', [...options.extraPath, path].join(':'));
  return [...values].map(([name, value]) => `${name}=${value}`);
}

/**
 * A read-only root still has its declared volumes to write to, as under Docker, which makes an anonymous one of each. And a
 * root without /tmp is lent one.
 */
async function scratchDirectories(
  files: Files,
  config: RunConfig,
  { readOnly, volumes }: RunOptions,
): Promise<readonly ScratchDirectory[]> {
  const given = new Set(volumes.map(({ destination }) => destination));
  const scratch: ScratchDirectory[] = [];
  for (const path of readOnly ? Object.keys(config.Volumes ?? {}).map(cleanPath) : []) {
    const found = await files.resolve(path);
    const meta = found.kind === 'found' && found.node.kind === 'dir' ? found.node.meta : undefined;
    if (!given.has(path)) {
      scratch.push({ path, mode: meta?.mode ?? 0o755, uid: meta?.uid ?? 0, gid: meta?.gid ?? 0 });
    }
  }
  const tmp = await files.resolve('/tmp');
  const lent = tmp.kind === 'missing' && ![...given, ...scratch.map(({ path }) => path)].includes('/tmp');
  if (lent) scratch.push({ path: '/tmp', mode: 0o1777, uid: 0, gid: 0 });
  return scratch;
}
