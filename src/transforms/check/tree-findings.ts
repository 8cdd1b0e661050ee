/** What can be said of a root filesystem without asking what uses it. Pure. @module */
import { basename, dirname } from '../../base/path.ts';
import type { RunConfig } from '../../formats/oci/types.ts';
import type { Node } from '../../model/node.ts';
import { type Tree, walk } from '../../model/tree.ts';
import { FINDING_SEVERITY, type Finding, type FindingCode } from '../../rules/finding.ts';

/** Programs that install packages of a distribution. */
const PACKAGE_MANAGERS = new Set(
  'apt apt-get aptitude dpkg apk rpm yum dnf dnf5 microdnf tdnf zypper pacman opkg xbps-install emerge nix-env'.split(
    ' ',
  ),
);

const COMPILER =
  /^(?:[a-z0-9_]+-linux-[a-z0-9_]+-)?(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|ld|as|gold|cpp)(?:-[0-9.]+)?$/;
const BUILD_TOOLS = new Set(
  'make gmake cmake ninja meson bazel cargo rustc javac autoconf automake libtool'.split(' '),
);

const PROGRAM_DIRECTORIES = /^(?:\/usr)?(?:\/local)?\/s?bin$/;

const SETUID = 0o4000;
const SETGID = 0o2000;
const STICKY = 0o1000;
const OTHERS_WRITE = 0o002;
const GROUP_EXECUTE = 0o010;

export function treeFindings(tree: Tree, config: RunConfig): Finding[] {
  const findings: Finding[] = rootUser(config);
  for (const { path, node } of walk(tree)) {
    if (PROGRAM_DIRECTORIES.test(dirname(path))) findings.push(...programFindings(path, node));
    findings.push(...modeFindings(path, node));
  }
  return findings;
}

function say(code: FindingCode, path: string, message: string, fix: string): Finding {
  return { code, severity: FINDING_SEVERITY[code], path, message, fix };
}

function rootUser({ User: user = '' }: RunConfig): Finding[] {
  if (!/^(?:|0|root)(?::.*)?$/.test(user)) return [];
  const message = 'the image runs as root: whoever breaks into its program is root in the container';
  return [say('runs-as-root', '/', message, 'set a user: --user NAME[:UID[:GID]]')];
}

function programFindings(path: string, node: Node): Finding[] {
  if (node.kind !== 'file' && node.kind !== 'symlink') return [];
  const name = basename(path);
  if (PACKAGE_MANAGERS.has(name)) {
    const message = `${name} installs packages: a running image is not the place for that`;
    return [say('package-manager-present', path, message, 'make the image without it: pare pack PROGRAM --from REF')];
  }
  if (!COMPILER.test(name) && !BUILD_TOOLS.has(name)) return [];
  const message = `${name} builds programs: what is built elsewhere need not be built here`;
  return [say('build-tools-present', path, message, 'take only what was built: pare pack PROGRAM --from REF')];
}

function modeFindings(path: string, node: Node): Finding[] {
  const { mode } = node.meta;
  const findings: Finding[] = [];
  const sticky = node.kind === 'dir' && (mode & STICKY) !== 0;
  if ((mode & OTHERS_WRITE) !== 0 && (node.kind === 'file' || node.kind === 'dir') && !sticky) {
    const what = node.kind === 'dir' ? 'directory, and anybody may remove what others put there' : 'file';
    const fix = node.kind === 'dir' ? `chmod o-w or +t ${path}` : `chmod o-w ${path}`;
    findings.push(say('world-writable-file', path, `anybody may write to this ${what}`, fix));
  }
  const setgid = (mode & SETGID) !== 0 && (mode & GROUP_EXECUTE) !== 0;
  if (node.kind === 'file' && ((mode & SETUID) !== 0 || setgid)) {
    const { uid, gid } = node.meta;
    const message = (mode & SETUID) !== 0 ? `it runs as user ${uid}` : `it runs as group ${gid}`;
    findings.push(
      say('setuid-file', path, `${message}, whoever starts it`, `chmod u-s,g-s ${path}, if nobody needs that`),
    );
  }
  return findings;
}
