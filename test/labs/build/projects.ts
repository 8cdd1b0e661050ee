/** Programs as people build them, what may differ in their images between two builds, and how to see that they work. @module */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { type Exemption, withoutTimes } from '../../e2e/build/image-differences.ts';
import type { Sandbox } from './sandbox.ts';

export interface Project {
  /** Of the directory in `projects/`. */
  readonly name: string;
  /** What it is, for the page. */
  readonly what: string;
  /** Build options beside those of the machine. */
  readonly options: readonly string[];
  readonly exemptions: readonly Exemption[];
  /** Starts the image's program and lets it do its work. */
  works(sandbox: Sandbox, image: string): Promise<void>;
  readonly pack?: {
    readonly target: string;
    readonly program: string;
    /** @param image what was packed; `whole` the image of the Dockerfile */
    works(sandbox: Sandbox, image: string, whole: string): Promise<void>;
  };
}

/** What Debian's tools write down of when they ran. */
const APT: readonly Exemption[] = [
  {
    path: /^\/var\/log\/(dpkg|alternatives|apt\/history|apt\/term)\.log$/,
    why: 'a log with times',
    part: withoutTimes,
  },
  {
    path: /^\/var\/cache\/ldconfig\/aux-cache$/,
    why: 'inode numbers and times of libraries, by which ldconfig knows them again',
  },
];

const markdown = {
  input: '# one two\n*three*\n',
  stdout: '<a href="#one-two">One Two</a>\n<h1 id="one-two">one two</h1>\n<p><em>three</em></p>\n',
};

async function servesRedis(sandbox: Sandbox, server: string, client: string): Promise<void> {
  const ask = (port: number, ...words: readonly string[]) =>
    sandbox.run(client, { options: ['--entrypoint', 'redis-cli'], args: ['-p', String(port), ...words] });
  const serve = (port: number) => ({
    args: ['--port', String(port), '--save', ''],
    ready: async () => (await ask(port, 'ping')) === 'PONG\n',
  });
  await sandbox.serving(server, serve, async (port) => {
    expect(await ask(port, 'set', 'greeting', 'hello')).toBe('OK\n');
    expect(await ask(port, 'eval', 'return redis.call("strlen", KEYS[1])', '1', 'greeting')).toBe('5\n');
    expect(await ask(port, 'info', 'server')).toMatch(/redis_version:\d/);
  });
}

const readsMarkdown = async (sandbox: Sandbox, image: string) =>
  expect(await sandbox.run(image, { options: ['-i'], input: markdown.input })).toBe(markdown.stdout);

/** A server of HTTP that is told its port by a variable. */
async function servesHttp(
  sandbox: Sandbox,
  image: string,
  use: (post: (path: string, body: string | Buffer) => Promise<Buffer>) => Promise<void>,
): Promise<void> {
  const serve = (port: number) => ({
    options: ['-e', `PORT=${port}`],
    ready: () => fetch(`http://127.0.0.1:${port}/`).then(() => true),
  });
  await sandbox.serving(image, serve, (port) =>
    use(async (path, body) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body });
      return Buffer.from(await answer.arrayBuffer());
    }),
  );
}

export const PROJECTS: readonly Project[] = [
  {
    name: 'redis',
    what: 'C: `apt-get build-dep`, `apt-get source`, `make`; the programs in a second stage',
    options: ['--build-arg', 'SOURCE_DATE_EPOCH=1767225600'],
    exemptions: [...APT],
    works: (sandbox, image) => servesRedis(sandbox, image, image),
    pack: { target: 'build', program: '/out/bin/redis-server', works: servesRedis },
  },
  {
    name: 'go',
    what: 'Go: `go mod download`, `go vet`, `go test`, `go build`; the program on scratch',
    options: [],
    exemptions: [],
    works: readsMarkdown,
    pack: { target: 'build', program: '/out/markdown', works: readsMarkdown },
  },
  {
    name: 'python',
    what: 'Python: a venv, `pip install` of wheels and of C sources; the venv in a second stage',
    options: [],
    exemptions: [
      ...APT,
      {
        path: /^\/opt\/venv\/lib\/.*\/__pycache__\/[^/]*\.pyc$/,
        why: 'the time of the source, which pip wrote in the build (PEP 552: bytes 8 to 11)',
        part: (bytes) => {
          const digest = createHash('sha256').update(bytes.subarray(0, 8)).update(bytes.subarray(12));
          return digest.digest('hex');
        },
      },
    ],
    works: (sandbox, image) =>
      servesHttp(sandbox, image, async (post) => {
        const packed = await post('/pack', '{"b": [1, 2.5], "a": null}');
        expect(packed.subarray(0, 3).toString('hex')).toBe('82a162');
        expect((await post('/unpack', packed)).toString()).toBe('{"a": null, "b": [1, 2.5]}');
      }),
  },
  {
    name: 'node',
    what: 'Node.js: `npm ci` for the build and for what runs, esbuild; three stages',
    options: [],
    exemptions: [],
    works: (sandbox, image) =>
      servesHttp(sandbox, image, async (post) => {
        expect((await post('/render', '*one*')).toString()).toBe('<!doctype html>\n<p><em>one</em></p>\n');
      }),
  },
  {
    name: 'java',
    what: 'Java: `mvn package` with a shaded jar, `jlink`; both in a second stage',
    options: [],
    exemptions: [],
    works: async (sandbox, image) => {
      const input = 'name,size\n"a, b",1\nc,2\n';
      expect(await sandbox.run(image, { options: ['-i'], input })).toBe(
        '[{"name":"a, b","size":"1"},{"name":"c","size":"2"}]\n',
      );
    },
  },
];
