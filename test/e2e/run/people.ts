/** Who runs pare in a test: root, and an ordinary user that is made for it. @module */
import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ended, type Running, type Settings, start } from '../../cli/pare.ts';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

export interface Person extends AsyncDisposable {
  /** A directory of the person's own; the store is in it. */
  readonly home: string;
  readonly uid: number;
  start(args: readonly string[], settings?: Settings): Running;
  pare(args: readonly string[], settings?: Settings): Promise<Ended>;
  /** A program of the checkout, by its path there, with Node.js. */
  node(script: string, args: readonly string[], settings?: Settings): Running;
  /** On a terminal of its own, which script(1) makes; stdout is what the terminal shows. */
  onTerminal(args: readonly string[]): Running;
}

function person(
  home: string,
  uid: number,
  node: readonly string[],
  checkout: string,
  dispose: () => Promise<void>,
): Person {
  const env = { HOME: home, PARE_HOME: join(home, 'store'), XDG_CACHE_HOME: undefined };
  const prefix = [...node, `${checkout}/bin/pare.js`];
  const begin = (words: readonly string[], settings: Settings = {}) =>
    start(words, { cwd: home, ...settings, env: { ...env, ...settings.env } });
  const run = (args: readonly string[], settings?: Settings) => begin([...prefix, ...args], settings);
  return {
    home,
    uid,
    start: run,
    node: (script, args, settings) => begin([...node, `${checkout}/${script}`, ...args], settings),
    onTerminal: (args) => {
      const line = [...prefix, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
      return start(['script', '-qec', line, '/dev/null'], { cwd: home, env: { ...env, SHELL: '/bin/sh' } });
    },
    pare: (args, settings = {}) => {
      const { child, ended } = run(args, settings);
      child.stdin?.end(settings.input ?? '');
      return ended;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

export async function root(): Promise<Person> {
  const home = await mkdtemp(join(tmpdir(), 'pare-root-'));
  return person(home, 0, [process.execPath], REPOSITORY, () => rm(home, { recursive: true, force: true }));
}

/** Shows the checkout at another place, since an ordinary user need not be able to reach it, and becomes that user. */
const BECOME = `
mount --bind "$1" "$2" && cd "$3" || exit 99
user=$4 group=$5 pare=$2
shift 5
exec setpriv --reuid "$user" --regid "$group" --clear-groups "$pare/node_modules/.bin/node" "$@"`;

/**
 * A user, gone at the end with all files. useradd(8) gives a range of 65,536 sub-ids to people, and none to systems' users.
 */
export async function ordinaryUser({ subIds = true } = {}): Promise<Person> {
  const name = `pare-${process.pid}${subIds ? '' : '-s'}`;
  const home = await mkdtemp(join(tmpdir(), 'pare-user-'));
  const kind = subIds ? [] : ['--system'];
  execFileSync('useradd', [
    ...kind,
    '--user-group',
    '--no-create-home',
    '--home-dir',
    home,
    '--shell',
    '/bin/sh',
    name,
  ]);
  const id = (flag: string) => Number(execFileSync('id', [flag, name]));
  const [uid, gid] = [id('-u'), id('-g')];
  const shown = join(home, 'checkout');
  await mkdir(shown);
  await chown(home, uid, gid);
  await chmod(home, 0o700);
  const prefix = ['unshare', '--mount', 'sh', '-c', BECOME, 'sh', REPOSITORY, shown, home, String(uid), String(gid)];
  return person(home, uid, prefix, shown, async () => {
    execFileSync('userdel', [name], { stdio: 'ignore' });
    await rm(home, { recursive: true, force: true });
  });
}
