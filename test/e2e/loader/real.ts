/** What the real ld.so answers: `LD_TRACE_LOADED_OBJECTS=1 ld.so FILE`, for many files in one shell, in a root. @module */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

/** One line of the loader's list. */
export interface RealObject {
  readonly name: string;
  /** Undefined: "not found". */
  readonly path: string | undefined;
}

export interface RealAnswer {
  readonly file: string;
  /** Without the vDSO. */
  readonly objects: readonly RealObject[];
  /** `requirer`, `provider`, `version`: "version `V' not found (required by R)". */
  readonly versions: readonly { readonly object: string; readonly version: string; readonly provider: string }[];
  /** "statically linked": nothing is needed. */
  readonly isStatic: boolean;
  /** Of a loader that gave up: the message after "error while loading shared libraries:". */
  readonly error: string | undefined;
  readonly status: number;
  readonly output: string;
}

export interface RealOptions {
  readonly root: string;
  /** The loader's path in the root. */
  readonly loader: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

const BEGIN = '\u0001begin ';
const END = '\u0001end ';

/** Asks the loader about each file (paths in the root, without newlines), in order. */
export async function askLoader(files: readonly string[], options: RealOptions): Promise<RealAnswer[]> {
  const settings = Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${quote(value)}`);
  const script = `cd ${quote(options.cwd ?? '/')}
while IFS= read -r file; do
  printf '${BEGIN}%s\\n' "$file"
  ${settings.join(' ')} LD_TRACE_LOADED_OBJECTS=1 ${quote(options.loader)} "$file" 2>&1 <&-
  printf '\\n${END}%s\\n' "$?"
done`;
  const output = await inRoot(options.root, script, `${files.join('\n')}\n`);
  return output.split(BEGIN).slice(1).map(parseAnswer);
}

/** Runs a shell script in a root, with an empty environment and with /proc if there is a place for it. @returns stdout */
export async function inRoot(root: string, script: string, input?: string): Promise<string> {
  const [command, ...args] = commandFor(root, ['env', '-i', '/bin/sh', '-c', script]) as [string, ...string[]];
  const stdin = input === undefined ? 'ignore' : 'pipe';
  const child = spawn(command, args, { stdio: [stdin, 'pipe', 'inherit'], env: { PATH: SEARCH } });
  const parts: Buffer[] = [];
  child.stdout?.on('data', (part: Buffer) => parts.push(part));
  child.stdin?.end(input);
  await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  return Buffer.concat(parts).toString('utf8');
}

const SEARCH = '/usr/sbin:/usr/bin:/sbin:/bin';

function commandFor(root: string, command: readonly string[]): readonly string[] {
  if (root === '/') return command;
  if (!existsSync(`${root}/proc`)) return ['chroot', root, ...command];
  const mounted = `mount --bind /proc ${quote(`${root}/proc`)} && exec chroot "$@"`;
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', mounted, 'sh', root, ...command];
}

/** As one word of a shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const OBJECT = /^\t(?:(.*) => )?(.+) \(0x[0-9a-f]+\)$/;
const MISSING = /^\t(.*) => not found$/;
const VERSION = /^.*?: (.*): version `(.*)' not found \(required by (.*)\)$/;
const ERROR = /error while loading shared libraries: (.*)$/;

function parseAnswer(text: string): RealAnswer {
  const [file = '', ...lines] = text.split('\n');
  const objects: RealObject[] = [];
  const versions: { object: string; version: string; provider: string }[] = [];
  let isStatic = false;
  let error: string | undefined;
  let status = -1;
  for (const line of lines) {
    const object = OBJECT.exec(line);
    const missing = MISSING.exec(line);
    const version = VERSION.exec(line);
    if (missing) objects.push({ name: missing[1] as string, path: undefined });
    else if (object) {
      const path = object[2] as string;
      if (!/^linux-(?:vdso|gate)/.test(path)) objects.push({ name: object[1] ?? path, path });
    } else if (version) {
      versions.push({ provider: version[1] as string, version: version[2] as string, object: version[3] as string });
    } else if (line === '\tstatically linked') isStatic = true;
    else if (line.startsWith(END)) status = Number(line.slice(END.length));
    else error ??= ERROR.exec(line)?.[1]?.replace(/Error 21$/, 'Is a directory');
  }
  return { file, objects, versions, isStatic, error, status, output: lines.join('\n') };
}

/** What the loader says of the CPU: the best glibc-hwcaps level it searches, and AT_PLATFORM. */
export async function cpuOf(root: string, loader: string): Promise<{ cpu: string; platform: string | undefined }> {
  const text = await inRoot(root, `${quote(loader)} --list-diagnostics`);
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]?.replaceAll('"', '');
  const levels = (value('dl_hwcaps_subdirs') ?? '').split(':').filter((level) => level !== '');
  const active = Number(value('dl_hwcaps_subdirs_active') ?? '0');
  const best = levels.find((_, i) => (active & (1 << i)) !== 0);
  return { cpu: best ?? 'baseline', platform: value('dl_platform') };
}
