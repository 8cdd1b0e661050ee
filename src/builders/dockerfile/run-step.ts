/** RUN: a program in the root filesystem, and what it changes there. @module */
import type { Digest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { cleanPath, joinPath } from '../../base/path.ts';
import { expandWord } from '../../formats/dockerfile/expand.ts';
import { heredocContent, runScript } from '../../formats/dockerfile/heredoc.ts';
import { resolveMount } from '../../formats/dockerfile/mount.ts';
import type { Mount, RunInstruction } from '../../formats/dockerfile/types.ts';
import { bytesContent } from '../../model/content.ts';
import { diff } from '../../model/diff.ts';
import { TreeEditor } from '../../model/editor.ts';
import { resolve } from '../../model/resolve.ts';
import { EMPTY_TREE, nodeAt } from '../../model/tree.ts';
import type { BuildStep, FailedStep, StepMount, StepRoot } from '../../ports/build-steps.ts';
import { cacheIdOf } from './cache-id.ts';
import { shellOf, workingDirectory } from './config.ts';
import type { Scope } from './configure.ts';
import type { BuildSettings, StageContext } from './context.ts';
import { pathBeforeWildcards } from './copy/wildcards.ts';
import { digestOfNode } from './describe.ts';
import { atWord, failedProgram, Tail } from './failure.ts';
import { runText } from './history.ts';
import { layerStep } from './layer-step.ts';
import type { BuildPorts } from './ports.ts';
import { environmentIn, PROXY_ARGS } from './scope.ts';
import type { State } from './state.ts';

export async function runStep(state: State, run: RunInstruction, context: StageContext) {
  const { settings, ports } = context;
  const { inspect } = ports;
  assertAllowed(run, settings);
  const { args, files } = commandOf(state, run);
  const { mountsFor, words, variables } = await mountsOf(state, run, context, files);
  const env = [...environmentOfRun(state, context), ...variables];
  const cwd = workingDirectory(state.config);
  const user = state.config.User ?? '';
  const network = run.network === 'default' ? settings.network : run.network;
  const { hostname, extraHosts, shmSize, ulimits } = settings;
  const { security } = run;
  const said = [...state.args].map(([name, value]) => [name, environmentIn(state)(name) ?? value ?? ''] as const);
  const text = runText(args, said);
  const options = { network, security, hostname, extraHosts, shmSize, ulimits };
  const inputs = ['run', state.platform, args, env.filter((one) => !isProxy(one)), cwd, user, words, options];
  return context.step(run.source, (output) =>
    layerStep(
      state,
      {
        text,
        inputs,
        fresh: context.fresh,
        anticipate: context.anticipate,
        make: async () => {
          const tail = new Tail();
          const inspected = inspect !== undefined;
          const failure = (failed: Pick<FailedStep, 'status' | 'outOfMemory'>) =>
            failedProgram(run, failed, tail, { inspected });
          const step: BuildStep = {
            root: await state.root(),
            process: { args, env, cwd, user },
            mounts: await mountsFor(),
            network,
            security,
            hostname,
            extraHosts,
            ulimits,
            ...(shmSize === undefined ? {} : { shmSize }),
            output: (stream, line) => {
              tail.add(line);
              output(stream, line);
            },
            ...(inspect === undefined
              ? {}
              : { inspect: (failed) => inspect(failure(failed), failed, shellOf(state.config)) }),
          };
          await using stack = new AsyncDisposableStack();
          const runner = await ports.runner();
          const result = stack.use(await runner.run(step, ports.run));
          if (result.status !== 0) throw failure(result);
          const changes = await result.changes();
          const held = stack.move();
          return {
            changes,
            keep: (key: string) => result.keep(key),
            [Symbol.asyncDispose]: () => held.disposeAsync(),
          };
        },
      },
      ports,
      settings.clock,
    ),
  );
}

/** @throws ImageError DENIED for what the user has to allow */
export function assertAllowed({ security }: RunInstruction, { allows }: Pick<BuildSettings, 'allows'>): void {
  if (security !== 'insecure' || allows.has('security.insecure')) return;
  throw new ImageError('DENIED', 'RUN --security=insecure was not allowed', {
    hint: 'if you trust the Dockerfile, add --allow security.insecure',
  });
}

/** A script with a first line of its own is a program: it is shown to the step where BuildKit shows it. */
const SCRIPTS = '/dev/pipes';

function commandOf(
  { config }: State,
  run: RunInstruction,
): { readonly args: readonly string[]; readonly files: ReadonlyMap<string, string> } {
  const { command, heredocs } = run;
  if (command.form === 'exec') return { args: command.args.map(({ text }) => text), files: new Map() };
  const [only] = heredocs;
  const script = runScript(run);
  if (only !== undefined && script.startsWith('#!') && script === heredocContent(only)) {
    return {
      args: [...shellOf(config), `${SCRIPTS}/${only.name}`],
      files: new Map([[only.name, heredocContent(only)]]),
    };
  }
  return { args: [...shellOf(config), script], files: new Map() };
}

function environmentOfRun(state: State, { settings }: StageContext): readonly string[] {
  const { variables } = state;
  const proxies = PROXY_ARGS.flatMap((name) => {
    const value = settings.args.get(name);
    return value === undefined || variables.has(name) ? [] : `${name}=${value}`;
  });
  return [...proxies, ...[...variables].map(([name, value]) => `${name}=${value}`)];
}

function isProxy(variable: string): boolean {
  return PROXY_ARGS.includes(variable.split('=', 1)[0] as string);
}

interface Mounts {
  /** For a step that is carried out. */
  mountsFor(): Promise<readonly StepMount[]>;
  /** What the step depends on of them. */
  readonly words: readonly unknown[];
  readonly variables: readonly string[];
}

async function mountsOf(
  state: State,
  run: RunInstruction,
  context: StageContext,
  files: ReadonlyMap<string, string>,
): Promise<Mounts> {
  const cwd = workingDirectory(state.config);
  const all: Mounts[] = [];
  for (const mount of mountsIn(state, run, context)) {
    const found = await mountOf(mount, cwd, all.length, context);
    if (found !== undefined) all.push(found);
  }
  if (files.size > 0) all.push(plain(scriptMount(files), ['script', ...files]));
  return {
    mountsFor: async () => (await Promise.all(all.map((one) => one.mountsFor()))).flat(),
    words: all.map(({ words }) => words),
    variables: all.flatMap(({ variables }) => variables),
  };
}

/** @throws ImageError, that knows the flag it is about */
export function mountsIn(state: State, { mounts }: RunInstruction, scope: Scope): readonly Mount[] {
  const env = environmentIn(state);
  return mounts.map((flag) =>
    atWord(flag.word.range, () => resolveMount(flag, (text) => expandWord(text, env, { escape: scope.escape }))),
  );
}

function scriptMount(files: ReadonlyMap<string, string>): StepMount {
  const editor = new TreeEditor();
  for (const [name, text] of files) {
    const meta = { mode: 0o755, uid: 0, gid: 0 };
    editor.put(`/${name}`, { kind: 'file', meta, mtime: 0, mtimeNs: 0, link: undefined, content: bytesContent(text) });
  }
  const tree = editor.done();
  const key = JSON.stringify(['script', ...files]);
  const from = { tree, layers: [{ key, changes: diff(EMPTY_TREE, tree) }] };
  return { kind: 'bind', path: SCRIPTS, from, source: '/', readOnly: true };
}

/** Where BuildKit puts an agent's socket that nobody placed. */
const agentPath = (index: number): string => `/run/buildkit/ssh_agent.${index}`;

/** @throws ImageError NOT_FOUND where the step needs a secret or an agent that nobody gave, and for one that cannot be read */
export async function assertGiven(mount: Mount, ports: Pick<BuildPorts, 'secret' | 'ssh'>): Promise<void> {
  if (mount.type === 'secret' && (await ports.secret(mount.id)) === undefined) absent(mount, 'secret', '--secret');
  if (mount.type === 'ssh' && (await ports.ssh(mount.id)) === undefined) absent(mount, 'ssh agent', '--ssh');
}

/** Undefined for a secret or an agent that is not there and need not be. */
async function mountOf(mount: Mount, cwd: string, index: number, context: StageContext): Promise<Mounts | undefined> {
  switch (mount.type) {
    case 'bind': {
      const { path, digest, read } = await bindMount(mount, cwd, context);
      const words = ['bind', path, digest, mount.source, mount.writable];
      const made = async (): Promise<StepMount> => {
        const { root, source } = await read();
        return { kind: 'bind', path, from: root, source, readOnly: !mount.writable };
      };
      return { mountsFor: async () => [await made()], words, variables: [] };
    }
    case 'cache': {
      const { sharing, mode, uid, gid, writable } = mount;
      const path = joinPath(cwd, mount.target);
      const seeded =
        mount.from === undefined ? undefined : await bindMount({ ...mount, from: mount.from }, cwd, context);
      const id = cacheIdOf(mount, context.settings.args.get('BUILDKIT_CACHE_MOUNT_NS'), seeded?.digest);
      context.ports.cacheMount(id);
      const words = ['cache', path, id, sharing, writable, mode, uid, gid, seeded?.digest];
      const made = async (): Promise<StepMount> => {
        const from = seeded === undefined ? {} : { from: await seeded.read() };
        return { kind: 'cache', path, id, sharing, readOnly: !writable, mode, uid, gid, ...from };
      };
      return { mountsFor: async () => [await made()], words, variables: [] };
    }
    case 'tmpfs': {
      const path = joinPath(cwd, mount.target);
      const size = mount.size === undefined ? {} : { size: mount.size };
      return plain({ kind: 'tmpfs', path, ...size }, ['tmpfs', path, mount.size]);
    }
    case 'secret':
      return secretMount(mount, cwd, context);
    case 'ssh': {
      const socket = await context.ports.ssh(mount.id);
      if (socket === undefined) return absent(mount, 'ssh agent', '--ssh');
      const path = joinPath(cwd, mount.target ?? agentPath(index));
      const { mode, uid, gid } = mount;
      const words = ['ssh', path, mount.id, mode, uid, gid];
      return { ...plain({ kind: 'ssh', path, socket, mode, uid, gid }, words), variables: [`SSH_AUTH_SOCK=${path}`] };
    }
  }
}

function plain(mount: StepMount, words: readonly unknown[]): Mounts {
  return { mountsFor: async () => [mount], words, variables: [] };
}

async function secretMount(
  mount: Extract<Mount, { type: 'secret' }>,
  cwd: string,
  { ports }: StageContext,
): Promise<Mounts | undefined> {
  const bytes = await ports.secret(mount.id);
  if (bytes === undefined) return absent(mount, 'secret', '--secret');
  const { id, mode, uid, gid, env } = mount;
  const path = mount.target === undefined ? undefined : joinPath(cwd, mount.target);
  const mounts: StepMount[] = [];
  if (path !== undefined) mounts.push({ kind: 'secret', path, bytes, mode, uid, gid });
  if (env !== undefined) mounts.push({ kind: 'secret-env', name: env, value: new TextDecoder().decode(bytes) });
  return { mountsFor: async () => mounts, words: ['secret', id, path, env, mode, uid, gid], variables: [] };
}

function absent({ id, required }: { id: string; required: boolean }, what: string, option: string): undefined {
  if (!required) return undefined;
  throw new ImageError('NOT_FOUND', `the step needs the ${what} "${id}", and none was given`, {
    hint: `add ${option} ${option === '--ssh' ? id : `id=${id},src=FILE`}`,
  });
}

interface Bound {
  readonly path: string;
  /** Of all that is mounted. */
  readonly digest: Digest;
  read(): Promise<{ readonly root: StepRoot; readonly source: string }>;
}

/** A path in which nothing is a wildcard: all of it where something would be taken for one. */
function literal(path: string): string {
  return pathBeforeWildcards(path) === path ? path : '/';
}

/** Of a context only what is mounted is laid out; of a stage, its layers lie there already. */
async function bindMount(
  { target, source, from }: { readonly target: string; readonly source: string; readonly from: string | undefined },
  cwd: string,
  context: StageContext,
): Promise<Bound> {
  const path = joinPath(cwd, target);
  const { chain, root, tree } = await context.source(from);
  const find = async () => {
    const whole = await tree(literal(cleanPath(`/${source}`)));
    const place = resolve(whole, cleanPath(`/${source}`));
    const node = place.kind === 'found' ? nodeAt(whole, place.path) : undefined;
    if (node !== undefined && place.kind === 'found') return { path: place.path, node };
    throw new ImageError('NOT_FOUND', `"${source}", which the step wants mounted at ${path}, is not there`);
  };
  const { contents, run } = context.ports;
  const compute = async () => digestOfNode((await find()).node, contents, run);
  const digest =
    chain === undefined ? await compute() : await contents.derived(JSON.stringify(['bind', chain, source]), compute);
  const read = async () => {
    const found = await find();
    if (root !== undefined) return { root: await root(), source: found.path };
    const editor = new TreeEditor();
    editor.put(found.path, found.node);
    const part = editor.done();
    const layers = [{ key: `${found.path} ${digest}`, changes: diff(EMPTY_TREE, part) }];
    return { root: { tree: part, layers }, source: found.path };
  };
  return { path, digest, read };
}
