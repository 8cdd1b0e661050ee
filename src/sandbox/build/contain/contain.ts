/**
 * Where neither runc nor crun can work: a program in a root filesystem, started by ourselves from the document that they would have
 * been given. `docs/snapshots.md` says what it does not give.
 * @module
 */
import { mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { chdir } from 'node:process';
import {
  become,
  becomeUser,
  dropCapabilities,
  limitResource,
  raiseLoopback,
  setHostName,
} from '../../../system/confine.ts';
import { capabilitiesBut } from '../../capabilities.ts';
import type { RuntimeSpec } from '../../runtime-spec.ts';
import { enterFilesystem } from './filesystem.ts';

/**
 * Becomes the program of a bundle, in the namespaces that this process is in, which must be its own. Failures go where a runtime's
 * would, into the bundle's `log`.
 * @returns if there was one
 */
export function contain(bundle: string): void {
  const log = openSync(join(bundle, 'log'), 'a', 0o600);
  try {
    const spec = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8')) as RuntimeSpec;
    confine(spec);
    throw new Error(startProgram(spec));
  } catch (error) {
    writeSync(log, `${JSON.stringify({ level: 'error', msg: (error as Error).message })}\n`);
  }
}

function confine(spec: RuntimeSpec): void {
  const { process, hostname, linux } = spec;
  if (linux.namespaces.some(({ type }) => type === 'network')) raiseLoopback();
  setHostName(hostname);
  enterFilesystem(spec);
  for (const { type, soft, hard } of process.rlimits) limitResource(type, soft, hard);
  dropCapabilities(capabilitiesBut(process.capabilities.bounding));
  mkdirSync(process.cwd, { recursive: true });
  const { uid, gid, additionalGids } = process.user;
  becomeUser(uid, gid, additionalGids);
  chdir(process.cwd);
}

/** @returns why not, in the words of runc */
function startProgram({ process: { args, env } }: RuntimeSpec): string {
  const [name = ''] = args;
  const path = env.find((line) => line.startsWith('PATH='))?.slice('PATH='.length) ?? '';
  const candidates = name.includes('/') ? [name] : path.split(':').map((directory) => join(directory || '.', name));
  let refused = 'ENOENT';
  for (const candidate of candidates) {
    const why = become(candidate, args, env);
    if (why !== 'ENOENT' && why !== 'ENOTDIR') refused = why;
  }
  if (refused === 'ENOENT') return `exec: ${JSON.stringify(name)}: executable file not found`;
  const words: Readonly<Record<string, string>> = { EACCES: 'permission denied', ENOEXEC: 'exec format error' };
  return `exec: ${JSON.stringify(name)}: ${words[refused] ?? refused}`;
}
