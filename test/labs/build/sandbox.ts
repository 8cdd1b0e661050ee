/** Images that are run by somebody. @module */
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Person } from '../../e2e/run/people.ts';

export interface RunWords {
  /** Of pare run. */
  readonly options?: readonly string[];
  /** Of the image's program. */
  readonly args?: readonly string[];
  readonly input?: string;
}

export interface Sandbox {
  /** Runs to the end. @returns stdout @throws Error for another status than 0 */
  run(image: string, words?: RunWords): Promise<string>;
  /** Starts a server on a free port of the machine, waits until it is ready, and ends it behind `use`. */
  serving(
    image: string,
    serve: (port: number) => RunWords & { ready(): Promise<boolean> },
    use: (port: number) => Promise<void>,
  ): Promise<void>;
}

export function sandboxOf(person: Person): Sandbox {
  const wordsOf = (image: string, { options = [], args = [] }: RunWords) => [
    'run',
    ...options,
    image,
    ...(args.length === 0 ? [] : ['--', ...args]),
  ];
  return {
    run: async (image, words = {}) => {
      const settings = words.input === undefined ? {} : { input: words.input };
      const { status, stdout, stderr } = await person.pare(wordsOf(image, words), settings);
      if (status === 0) return stdout;
      throw new Error(`${wordsOf(image, words).join(' ')} ended with ${status}: ${stdout}${stderr}`);
    },
    serving: async (image, serve, use) => {
      const port = await freePort();
      const { ready, ...words } = serve(port);
      const { child, ended } = person.start(wordsOf(image, words));
      let over = false;
      void ended.then(() => {
        over = true;
      });
      try {
        for (let tries = 0; !(await ready().catch(() => false)); tries++) {
          if (over || tries > 300)
            throw new Error(`${image} does not serve: ${JSON.stringify(over ? await ended : '')}`);
          await sleep(200);
        }
        await use(port);
      } finally {
        child.kill('SIGTERM');
        // As docker stop has it.
        const killer = setTimeout(() => child.kill('SIGKILL'), 10_000);
        await ended;
        clearTimeout(killer);
      }
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
