/** The helper: does what it is asked to until its stdin ends, which it does when pare has ended, in whatever way. @module */
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { fromSystem } from '../../../base/errors.ts';
import { writeLayer } from '../../../model/layer/write.ts';
import { rootReader } from '../../../system/disk-root.ts';
import { readTree } from '../../../system/read-tree.ts';
import { writeTree } from '../../../system/write-tree.ts';
import { execute, type Running } from './execute.ts';
import { look } from './look.ts';
import { type Answer, documents, type Hello, type Request, sentError } from './protocol.ts';
import { treeInTar } from './tar-tree.ts';

/** @returns when all is over, and nothing runs any more */
export async function serve(input: AsyncIterable<Buffer>, send: (answer: Answer) => void): Promise<void> {
  const running = new Map<number, Running>();
  const handle = async (request: Request): Promise<void> => {
    try {
      send({ id: request.id, result: (await answerTo(request, running, send)) ?? null });
    } catch (error) {
      send({ id: request.id, error: sentError(error) });
    }
  };
  for await (const request of documents(input)) void handle(request as Request);
  const left = [...running.values()];
  for (const step of left) step.kill();
  await Promise.all(left.map((step) => step.settled()));
  for (const step of left) step.release();
}

async function answerTo(
  request: Request,
  running: Map<number, Running>,
  send: (answer: Answer) => void,
): Promise<unknown> {
  switch (request.op) {
    case 'hello':
      return hello();
    case 'run': {
      const step = execute(request, (lines) => send({ id: request.id, lines }));
      running.set(request.id, step);
      return await step.ended.finally(() => step.held() || running.delete(request.id));
    }
    case 'shell':
      return await running.get(request.of)?.shell(request);
    case 'signal':
      return running.get(request.of)?.signal(request.name);
    case 'release': {
      running.get(request.of)?.release();
      running.delete(request.of);
      return undefined;
    }
    case 'kill':
      return running.get(request.of)?.kill();
    case 'look':
      return look(request.mount, request.name);
    case 'write': {
      await using tar = await treeInTar(request.tar);
      return await saying(`cannot write a layer into ${request.directory}`, writeTree(tar.tree, request.directory, {}));
    }
    case 'read':
      return await saying(`cannot keep what ${request.directory} holds`, spool(request.directory, request.tar));
  }
}

async function saying<T>(doing: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw fromSystem(error, doing);
  }
}

function hello(): Hello {
  const ranges = (path: string) =>
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .map(([first = 0, , count = 0]) => [first, count] as const);
  return { uids: ranges('/proc/self/uid_map'), gids: ranges('/proc/self/gid_map') };
}

/** What only root of the namespace may read, into a file of its user's. */
async function spool(directory: string, path: string): Promise<void> {
  const tree = await readTree(rootReader(directory), {});
  await using tar = await open(path, 'r+');
  for await (const piece of writeLayer(tree)) await tar.writeFile(piece);
}
