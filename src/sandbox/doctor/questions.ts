/**
 * Everything that `pare doctor` asks about a machine. One row for each thing that some command can make use of.
 * @module
 */
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { systemCode } from '../../base/errors.ts';
import { hasSystemCalls } from '../../system/linux.ts';
import { ARCHITECTURES, elfHead, isNative } from '../architectures.ts';
import { binfmtHandlers, handles } from '../binfmt.ts';
import { findProgram } from '../runtime.ts';
import { probeErofsMounts, probeOverlay, probeRuntime } from './probes.ts';
import { output, versionOf } from './programs.ts';
import type { Answer, Question } from './types.ts';

const PRESENT = (detail: string): Answer => ({ state: 'present', detail });
const MISSING = (detail: string): Answer => ({ state: 'missing', detail });
const BROKEN = (detail: string): Answer => ({ state: 'broken', detail });

const everywhere = (name: string) => ({ debian: name, fedora: name, arch: name, alpine: name, suse: name });

export const QUESTIONS: readonly Question[] = [
  runtimeQuestion('runc'),
  runtimeQuestion('crun'),
  {
    name: 'user-namespaces',
    purpose: 'running programs as an ordinary user',
    ask: userNamespaces,
    remedy: 'the kernel forbids them: sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns',
  },
  {
    name: 'newuidmap',
    purpose: 'running programs as an ordinary user',
    ask: () => program('newuidmap', []),
    remedy: { debian: 'uidmap', fedora: 'shadow-utils', arch: 'shadow', alpine: 'shadow-uidmap', suse: 'shadow' },
  },
  {
    name: 'subuid',
    purpose: 'running programs as an ordinary user',
    ask: () => ranges('/etc/subuid'),
    remedy: SUBIDS(),
  },
  {
    name: 'subgid',
    purpose: 'running programs as an ordinary user',
    ask: () => ranges('/etc/subgid'),
    remedy: SUBIDS(),
  },
  {
    name: 'unshare',
    purpose: 'running programs (--map-auto: util-linux 2.38)',
    ask: unshare,
    remedy: everywhere('util-linux'),
  },
  { name: 'overlay', purpose: 'running programs as root', ask: () => probeOverlay('mounts') },
  {
    name: 'overlay-user',
    purpose: 'running programs as an ordinary user (Linux 5.11)',
    ask: () => probeOverlay('user'),
  },
  {
    name: 'strace',
    purpose: 'watching what programs open',
    ask: () => program('strace', ['-V']),
    remedy: everywhere('strace'),
  },
  {
    name: 'busybox',
    purpose: 'lending a shell to images without one',
    ask: () => program('busybox', ['--help']),
    remedy: {
      debian: 'busybox-static',
      fedora: 'busybox',
      arch: 'busybox',
      alpine: 'busybox-static',
      suse: 'busybox-static',
    },
  },
  { name: 'koffi', purpose: 'extended attributes and device nodes in directories', ask: koffi },
  {
    name: 'gpgv',
    purpose: 'checking the signatures of package lists',
    ask: () => program('gpgv', ['--version']),
    remedy: { debian: 'gpgv', fedora: 'gnupg2', arch: 'gnupg', alpine: 'gpgv', suse: 'gpg2' },
  },
  {
    name: 'erofs',
    purpose: 'building as root without unpacking layers (Linux 6.12)',
    ask: probeErofsMounts,
  },
  ...ARCHITECTURES.map(({ name }) => architectureQuestion(name)),
];

function SUBIDS(): string {
  const name = userInfo().username;
  return `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${name}`;
}

function runtimeQuestion(name: 'runc' | 'crun'): Question {
  return {
    name,
    purpose: 'running programs (one of the two will do)',
    remedy: everywhere(name),
    async ask() {
      const path = await findProgram(name);
      if (path === undefined) return MISSING('not installed');
      const version = await versionOf(path, ['--version']);
      const failure = await probeRuntime(path);
      return failure === undefined ? PRESENT(version) : BROKEN(`${version}: ${failure}`);
    },
  };
}

async function program(name: string, args: readonly string[]): Promise<Answer> {
  const path = await findProgram(name);
  if (path === undefined) return MISSING('not installed');
  return PRESENT(args.length === 0 ? path : await versionOf(path, args));
}

async function userNamespaces(): Promise<Answer> {
  const { ok, text } = await output('unshare', ['--user', 'true']);
  return ok ? PRESENT('allowed') : MISSING(text);
}

/** util-linux 2.38 brought --map-auto. */
async function unshare(): Promise<Answer> {
  const version = await versionOf('unshare', ['--version']);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const recent = major > 2 || (major === 2 && minor >= 38);
  return recent ? PRESENT(version) : BROKEN(`${version}, and an ordinary user needs 2.38`);
}

/** subuid(5): NAME-OR-UID:FIRST:COUNT. Root of the machine has all of them. */
async function ranges(file: string): Promise<Answer> {
  const { username, uid } = userInfo();
  if (uid === 0) return PRESENT('not needed: you are root');
  const lines = (await textOf(file)).split('\n').map((line) => line.split(':'));
  const own = lines.filter(([name]) => name === username || name === String(uid));
  const count = own.reduce((sum, [, , size]) => sum + Number(size ?? 0), 0);
  if (count === 0) return MISSING(`no range for ${username} in ${file}`);
  return count < 65536 ? BROKEN(`${count} ids, and images want 65536`) : PRESENT(`${count} ids`);
}

async function koffi(): Promise<Answer> {
  return hasSystemCalls() ? PRESENT('loaded') : MISSING('has no build for this platform');
}

function architectureQuestion(name: string): Question {
  return {
    name: `run-${name}`,
    purpose: `running programs for ${name}`,
    remedy: {
      debian: 'qemu-user-static',
      fedora: 'qemu-user-static',
      arch: 'qemu-user-static-binfmt',
      suse: 'qemu-linux-user',
    },
    async ask() {
      if (isNative(name)) return PRESENT('this machine itself');
      const architecture = ARCHITECTURES.find((one) => one.name === name);
      const head = architecture === undefined ? new Uint8Array() : elfHead(architecture);
      const found = (await binfmtHandlers()).find((handler) => handles(handler, head));
      if (found === undefined) return MISSING('no handler in binfmt_misc');
      if (!found.fixed) return BROKEN(`${found.interpreter} would have to be in every image (flag F is missing)`);
      return PRESENT(found.interpreter);
    },
  };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) !== undefined) return '';
    throw error;
  }
}
