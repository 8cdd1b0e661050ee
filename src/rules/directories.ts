/**
 * Directories that programs expect: for temporary files, and those for state, logs and caches that stand in a program's text
 * or that its package brings along empty. hier(7).
 * @module
 */
import { dirname, isWithin } from '../base/path.ts';
import { DIR_META, type DirInfo, type Meta } from '../model/node.ts';
import { accountLine } from './closure/accounts.ts';
import type { Facts, Requirement, Rule, Subject, Want } from './rule.ts';
import { packagesOf, type ServiceUnit, unitsOf } from './service-units.ts';

/** mkstemp(3), mkdtemp(3), tmpfile(3), tempnam(3); Go's os.CreateTemp and os.TempDir. */
const TEMPORARY =
  /^(?:mkstemps?|mkostemps?|mkdtemp|mktemp|tmpfile|tmpnam|tmpnam_r|tempnam)(?:64)?$|^(?:os\.(?:CreateTemp|MkdirTemp|TempDir)|io\/ioutil\.Temp(?:File|Dir))$/;

/** Where a running system keeps what changes; a directory of its own below one of these is a program's. */
const STATE = ['/var/lib', '/var/log', '/var/cache', '/var/spool', '/var/opt', '/var/mail', '/var/run', '/run', '/srv'];

/** More text than this is a program's data rather than its paths. */
const LARGEST = 32 * 1024 * 1024;
const LARGEST_CONFIGURATION = 1024 * 1024;

export const directories: Rule = {
  name: 'directories',
  summary: '/tmp, and the log, run and state directories that a program names or its package brings along',
  file: async (subject, facts) => {
    const isProgram = subject.use === 'program';
    const texts = isProgram || isConfiguration(subject) ? await textsOf(subject, facts) : [];
    return [
      ...(await temporary(subject, texts, facts)),
      ...(await state(texts, facts)),
      ...(isProgram ? await ofPackages(subject, facts) : []),
    ];
  },
  image: async (facts) => {
    const dir = facts.env['TMPDIR'] ?? '';
    return dir.startsWith('/')
      ? [await temporaryDirectory(dir, { because: 'sets TMPDIR to it', who: 'the image' }, facts)]
      : [];
  },
};

function isConfiguration({ path, use, node }: Subject): boolean {
  return use === 'data' && path.startsWith('/etc/') && node.content.size <= LARGEST_CONFIGURATION;
}

/** What a program says; of a script or a configuration, the words outside of comments that look like paths. */
async function textsOf({ path, node, elf }: Subject, facts: Facts): Promise<readonly string[]> {
  if (node.content.size > LARGEST) return [];
  if (elf !== undefined) return facts.strings(path);
  const text = ((await facts.text(path)) ?? '').replace(/^[ \t]*[#;].*$/gm, '');
  return text.match(/(?<![\w.])\/(?:tmp|run|var|srv)\b[\w./+-]*|\bmktemp\b/g) ?? [];
}

/** A static program's glibc names it beside /var/tmp, where LD_PROFILE would write: that is no use of the program. */
const PROFILE = '/var/profile';

async function temporary(subject: Subject, texts: readonly string[], facts: Facts): Promise<Requirement[]> {
  const all: Requirement[] = [];
  const called = [...(await facts.symbols(subject.path))].find((name) => TEMPORARY.test(name));
  const named = texts.find((text) => /^(?:\/tmp(?:\/|$)|mktemp$)/.test(text));
  const because = called === undefined ? `names ${named}` : `calls ${called}`;
  const who = subject.path;
  if (called !== undefined || named !== undefined) all.push(await temporaryDirectory('/tmp', { because, who }, facts));
  const other = texts.find(
    (text) => /^\/var\/tmp(?:\/|$)/.test(text) && !(text === '/var/tmp' && texts.includes(PROFILE)),
  );
  if (other !== undefined) all.push(await temporaryDirectory('/var/tmp', { because: `names ${other}`, who }, facts));
  return all;
}

interface Asking {
  readonly because: string;
  readonly who: string;
}

async function temporaryDirectory(path: string, { because, who }: Asking, facts: Facts): Promise<Requirement> {
  const info: DirInfo = { kind: 'dir', meta: { mode: 0o1777, uid: 0, gid: 0 }, mtime: 0, mtimeNs: 0 };
  const found = await facts.files.resolve(path);
  return {
    want: { kind: 'directory', path, info: found.kind === 'found' && found.node.kind === 'dir' ? found.node : info },
    strength: 'recommended',
    because,
    unmet: {
      code: 'tmp-missing',
      message: `${who} ${because}, and ${path} is not there: it cannot make temporary files`,
      fix: `make the directory with mode 1777, or mount one when the image runs (--tmpfs ${path})`,
    },
  };
}

/** Of every path that a program names below one of the places for state: the deepest directory that is there. */
async function state(texts: readonly string[], facts: Facts): Promise<Requirement[]> {
  const wanted = new Map<string, string>();
  for (const text of texts) {
    const path = /^\/(?:var|run|srv)\/[^\s%*?:;,'"()]*/.exec(text)?.[0];
    if (path === undefined || path.length > 200) continue;
    const dir = await deepest(path.replace(/\/+$/, ''), facts);
    if (dir !== undefined && !wanted.has(dir)) wanted.set(dir, text);
  }
  return Promise.all(
    [...wanted].sort().map(async ([dir, text]) => directory(dir, { because: `names ${text}` }, facts)),
  );
}

async function deepest(path: string, facts: Facts): Promise<string | undefined> {
  for (let dir = path; STATE.some((place) => isWithin(dir, place)); dir = dirname(dir)) {
    const found = await facts.files.resolve(dir);
    if (found.kind === 'found' && found.node.kind === 'dir') return dir;
  }
  return undefined;
}

/** As it is in the source, or `otherwise`. */
async function directory(
  path: string,
  { because, otherwise = DIR_META }: { readonly because: string; readonly otherwise?: Meta },
  facts: Facts,
): Promise<Requirement> {
  const found = await facts.files.resolve(path);
  const known = found.kind === 'found' && found.node.kind === 'dir' ? found.node : undefined;
  const info: DirInfo = known ?? { kind: 'dir', meta: otherwise, mtime: 0, mtimeNs: 0 };
  const want: Want = { kind: 'directory', path, info };
  return { want, strength: 'recommended', because };
}

/** What the packages of a program ship for it: directories with nothing in them, and units that name some. */
async function ofPackages({ path: program }: Subject, facts: Facts): Promise<Requirement[]> {
  const names = await packagesOf(program, facts);
  const all = await Promise.all(names.map((name) => shippedEmpty(name, facts)));
  for (const unit of await unitsOf(program, names, facts)) all.push(await ofUnit(unit, facts));
  return all.flat();
}

async function shippedEmpty(name: string, facts: Facts): Promise<Requirement[]> {
  const because = `comes with the package ${name}, which ships this directory empty`;
  const all: Requirement[] = [];
  const paths = (await (await facts.packages()).filesOf(name)).filter(isState);
  for (const path of paths) {
    if (paths.some((other) => other !== path && isWithin(other, path))) continue;
    const node = await facts.files.lookup(path);
    if (node?.kind === 'dir') all.push(await directory(path, { because }, facts));
  }
  return all;
}

function isState(path: string): boolean {
  return STATE.some((place) => path !== place && isWithin(path, place));
}

/** The user of a service, the directories that systemd would make for it, and those it writes to as far as they are there. */
async function ofUnit({ path: unit, user, group, own, writes }: ServiceUnit, facts: Facts): Promise<Requirement[]> {
  const because = `is started by ${unit}`;
  const accounts = [
    ...(user === undefined ? [] : [{ kind: 'user', name: user } as const]),
    ...(group === undefined ? [] : [{ kind: 'group', name: group } as const]),
  ];
  const all = accounts.map(
    (want): Requirement => ({ want, strength: 'recommended', because: `${because} as this ${want.kind}` }),
  );
  const owner = await ownerOf({ user, group }, facts);
  for (const { path, mode } of own) {
    all.push(
      await directory(
        path,
        { because: `${because}, which gives it this directory`, otherwise: { mode, ...owner } },
        facts,
      ),
    );
  }
  for (const path of writes.filter(isState)) {
    const found = await facts.files.resolve(path);
    if (found.kind !== 'found' || found.node.kind !== 'dir') continue;
    all.push(await directory(path, { because: `${because}, which lets it write there` }, facts));
  }
  return all;
}

async function ownerOf({ user, group }: Pick<ServiceUnit, 'user' | 'group'>, facts: Facts) {
  const account = accountLine((await facts.text('/etc/passwd')) ?? '', user ?? 'root');
  const named = group === undefined ? undefined : accountLine((await facts.text('/etc/group')) ?? '', group);
  return { uid: Number(account?.[2] ?? 0), gid: Number(named?.[2] ?? account?.[3] ?? 0) };
}
