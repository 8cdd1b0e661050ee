/** Runs the packed program: by `pare run`, and by Docker. @module */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { command, service } from './command.ts';
import { type Invocation, PACKED_AUTHORITY, type Runner } from './runner.ts';

export const PARE = [process.execPath, fileURLToPath(new URL('../../../bin/pare.js', import.meta.url))];

/** How a container tool is told what an {@link Invocation} wants. */
interface Tool {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  argv(options: readonly string[], interactive: boolean): string[];
  readonly separator: readonly string[];
}

export interface Setting {
  /** What the tool knows the image by. */
  readonly image: string;
  readonly resolvConf: string;
  /** `PARE_HOME` or `DOCKER_HOST`. */
  readonly env: Readonly<Record<string, string>>;
}

export const pareRunner = (setting: Setting) =>
  toolRunner(setting, {
    name: 'pare',
    env: setting.env,
    argv: (options, interactive) => [...PARE, 'run', ...(interactive ? ['-i'] : []), ...options],
    separator: ['--'],
  });

export const dockerRunner = (setting: Setting) =>
  toolRunner(setting, {
    name: 'docker',
    env: setting.env,
    argv: (options, interactive) => [
      'docker',
      'run',
      '--rm',
      '--init=false',
      ...(interactive ? ['-i'] : []),
      ...options,
    ],
    separator: [],
  });

async function toolRunner({ image, resolvConf }: Setting, tool: Tool): Promise<Runner & AsyncDisposable> {
  const dir = await mkdtemp(`/tmp/pare-${tool.name}-`);
  await chmod(dir, 0o777);
  const argv = (invocation: Invocation): string[] => {
    const env = Object.entries(invocation.env ?? {}).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    const options = [
      '--network',
      invocation.network === false ? 'none' : 'host',
      '--volume',
      `${dir}:${dir}`,
      '--volume',
      `${resolvConf}:/etc/resolv.conf:ro`,
      '--workdir',
      dir,
      ...(invocation.user === undefined ? [] : ['--user', invocation.user]),
      ...(invocation.readOnly ? ['--read-only'] : []),
      ...env,
    ];
    return [...tool.argv(options, invocation.input !== undefined), image, ...tool.separator, ...invocation.args];
  };
  return {
    name: tool.name,
    dir,
    authority: PACKED_AUTHORITY,
    run: (invocation) =>
      command(argv(invocation), {
        env: tool.env,
        ...(invocation.input === undefined ? {} : { input: invocation.input }),
      }),
    start: (invocation) => service(argv(invocation), { env: tool.env }),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}
