/** A socket of the step's own that leads to the user's ssh-agent, so that it can belong to whom the step wants. @module */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { fromSystem } from '../../base/errors.ts';
import { permittedRequests } from './agent-requests.ts';

export interface AgentSocket extends AsyncDisposable {
  readonly path: string;
}

/** Bytes that a socket's path may have, unix(7). */
const LONGEST = 107;

/** @param directory where it is to stand, if its name is not too long for that */
export async function agentSocket(agent: string, directory: string, index: number): Promise<AgentSocket> {
  const near = join(directory, `agent-${index}`);
  const apart = near.length > LONGEST ? mkdtempSync(join(tmpdir(), 'pare-agent-')) : undefined;
  const path = apart === undefined ? near : join(apart, 'agent');
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(agent);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
    }
    // Either side may hang up at any time; the other is told by the end of its stream.
    pipeline(client, permittedRequests(), upstream, client, () => undefined);
  });
  try {
    server.listen(path);
    await once(server, 'listening');
  } catch (error) {
    throw fromSystem(error, `cannot make a socket at ${path}`);
  }
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
      if (apart !== undefined) rmSync(apart, { recursive: true, force: true });
    },
  };
}
