/** What `--ssh` lends to steps: an agent that runs, or one that is started here for key files. @module */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fromSystem, ImageError, systemCode } from '../../base/errors.ts';
import type { Run } from '../../ports/run.ts';

/**
 * @param sources by id: one socket, or files with private keys
 * @param stack agents that are started end when it is disposed of, or when this process ends, however it ends
 * @returns of an id that was given the path of an agent's socket, else undefined
 * @throws ImageError NOT_FOUND, USAGE, UNAVAILABLE (from the call)
 */
export function sshAgents(
  sources: ReadonlyMap<string, readonly string[]>,
  stack: AsyncDisposableStack,
  run: Run,
): (id: string) => Promise<string | undefined> {
  const known = new Map<string, Promise<string>>();
  return async (id) => {
    const paths = sources.get(id);
    if (paths === undefined) return undefined;
    const socket = known.get(id) ?? agentFor(paths, stack, run);
    known.set(id, socket);
    return socket;
  };
}

async function agentFor(paths: readonly string[], stack: AsyncDisposableStack, run: Run): Promise<string> {
  const sockets: string[] = [];
  for (const path of paths) if (await isSocket(path)) sockets.push(path);
  const [socket] = sockets;
  if (socket === undefined) return startAgent(paths, stack, run);
  if (paths.length === 1) return socket;
  throw new ImageError('USAGE', `--ssh: ${paths.join(', ')} are to be one socket, or files with keys`);
}

async function isSocket(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isSocket();
  } catch (error) {
    throw fromSystem(error, `cannot look at ${path}, which --ssh names`);
  }
}

/** Says the agent's process id, and waits: when the pipe closes, the agent's reason to be is gone. */
const SCRIPT = 'echo "$SSH_AGENT_PID"; exec cat';

async function startAgent(keys: readonly string[], stack: AsyncDisposableStack, run: Run): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'pare-ssh-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const socket = join(directory, 'agent');
  const child = spawn('ssh-agent', ['-a', socket, 'sh', '-c', SCRIPT], { stdio: ['pipe', 'pipe', 'ignore'] });
  const failed = once(child, 'error').then(([error]) => Promise.reject(notInstalled(error)));
  failed.catch(() => undefined);
  const lines = createInterface(child.stdout);
  const [pid] = (await Promise.race([once(lines, 'line'), failed])) as [string];
  stack.defer(() => endAgent(Number(pid), child.stdin));
  for (const key of keys) await addKey(key, socket, run);
  return socket;
}

function endAgent(pid: number, input: NodeJS.WritableStream): void {
  input.end();
  try {
    if (pid > 1) process.kill(pid);
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}

async function addKey(key: string, socket: string, { signal }: Run): Promise<void> {
  const env = { ...process.env, SSH_AUTH_SOCK: socket, SSH_ASKPASS_REQUIRE: 'never' };
  const child = spawn('ssh-add', ['-q', '--', key], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env,
    detached: true,
    signal,
  });
  let said = '';
  child.stderr.on('data', (piece) => {
    said += String(piece);
  });
  const failed = once(child, 'error').then(([error]) => Promise.reject(notInstalled(error)));
  failed.catch(() => undefined);
  const [status] = (await Promise.race([once(child, 'close'), failed])) as [number | null];
  if (status === 0) return;
  throw new ImageError('INVALID', `ssh-add does not take the key ${key}: ${said.trim()}`, {
    hint: 'a key with a passphrase has to be in an agent: ssh-add it there, and give --ssh ID=SOCKET',
  });
}

function notInstalled(error: unknown): ImageError {
  return new ImageError(
    'UNAVAILABLE',
    '--ssh with files of keys needs ssh-agent and ssh-add, which are not installed',
    {
      hint: 'install openssh-client, or give the socket of an agent',
      cause: error,
    },
  );
}
