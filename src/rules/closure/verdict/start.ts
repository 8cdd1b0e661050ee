/** Whether the kernel could start what the config names, as the user it names. @module */
import { ancestors, basename } from '../../../base/path.ts';
import { commandLine } from '../../config.ts';
import type { Finding } from '../../finding.ts';
import { findProgram } from '../../programs.ts';
import type { Facts } from '../../rule.ts';
import { readHashBang } from '../heads.ts';
import type { Closure, Kept } from '../types.ts';
import { finding } from './make.ts';
import { type Identity, identityOf, mayEnter, permits } from './permissions.ts';

export async function startFindings(facts: Facts, closure: Closure): Promise<Finding[]> {
  const [program] = commandLine(facts.config);
  if (program === undefined) return [nothingToStart()];
  const refused = await executable(facts, program);
  const told = new Set(refused.map(({ path }) => path));
  return [...refused, ...(await permitted(facts, closure)).filter(({ path }) => !told.has(path))];
}

function nothingToStart(): Finding {
  const message = 'the image names no program: it starts only with one given on the command line';
  return {
    code: 'entrypoint-missing',
    severity: 'warning',
    path: '/',
    message,
    fix: 'set --entrypoint or --cmd',
  };
}

/** What execve(2) refuses though the path is there. That nothing is there is the config rule's finding. */
async function executable(facts: Facts, program: string): Promise<Finding[]> {
  const { files, env, config } = facts;
  const found = await findProgram(files, program, { path: env['PATH'] ?? '', workdir: config.WorkingDir });
  if (!found.found) return directoryInPlace(facts, program);
  const { as: path, node } = found;
  if ((node.meta.mode & 0o111) === 0) return [notExecutable(path, 'it has no execute permission', `chmod +x ${path}`)];
  if ((await facts.elf(found.path)) !== undefined) return [];
  if (readHashBang((await facts.loader.binary(node)).head) !== undefined) return [];
  const message = 'it is neither an ELF program nor a script with a #! line: starting it says "exec format error"';
  return [notExecutable(path, message, `begin the script with its interpreter, as #!/bin/sh`)];
}

async function directoryInPlace({ files }: Facts, program: string): Promise<Finding[]> {
  const found = await files.resolve(program);
  if (!program.includes('/') || found.kind === 'missing' || found.node.kind === 'file') return [];
  return [
    notExecutable(program, `it is a ${found.node.kind === 'dir' ? 'directory' : found.node.kind}`, 'name a program'),
  ];
}

function notExecutable(path: string, message: string, fix: string): Finding {
  return finding('not-executable', 'required', { path, message, fix });
}

/** Programs and libraries the image's user cannot open. Root can. */
async function permitted(facts: Facts, closure: Closure): Promise<Finding[]> {
  const files = { passwd: (await facts.text('/etc/passwd')) ?? '', group: (await facts.text('/etc/group')) ?? '' };
  const who = identityOf(facts.config.User ?? '', files);
  if (who === undefined || who.uid === 0) return [];
  const findings: Finding[] = [];
  for (const kept of closure.kept.values()) {
    const why = await refusal(facts, kept, who);
    if (why === undefined) continue;
    findings.push(
      finding('not-executable', kept.strength, {
        path: kept.path,
        message: `the image runs as user ${who.uid}, which ${why}`,
        fix: 'change the permissions, or the user the image runs as',
      }),
    );
  }
  return findings;
}

async function refusal(facts: Facts, { path, node, use }: Kept, who: Identity): Promise<string | undefined> {
  if (node.kind !== 'file' || use === undefined || use === 'data') return undefined;
  for (const dir of ancestors(path)) {
    const info = await facts.files.lookup(dir);
    if (info !== undefined && !mayEnter(info.meta, who)) return `may not enter the directory ${dir}`;
  }
  if (use === 'program' && !permits(node.meta, who, 'execute')) return `may not execute ${basename(path)}`;
  return use === 'module' && !permits(node.meta, who, 'read') ? `may not read ${basename(path)}` : undefined;
}
