/** Asking programs who they are. @module */
import { execFile } from 'node:child_process';
import { findProgram } from '../runtime.ts';

export interface Output {
  readonly ok: boolean;
  /** stdout and stderr, trimmed; where the program could not be started, why. */
  readonly text: string;
}

/** Runs a program of this machine to its end, at most ten seconds. */
export async function output(name: string, args: readonly string[]): Promise<Output> {
  const path = await findProgram(name);
  if (path === undefined) return { ok: false, text: `${name} is not installed` };
  return new Promise((resolve) => {
    execFile(path, [...args], { timeout: 10_000 }, (error, stdout, stderr) => {
      const text = `${stdout}${stderr}`.trim();
      resolve({ ok: error === null, text: text === '' && error !== null ? error.message : text });
    });
  });
}

/** The first thing in its output that looks like a version, else the first line. */
export async function versionOf(name: string, args: readonly string[]): Promise<string> {
  const { text } = await output(name, args);
  return /\d+(?:\.\d+)+[\w+~-]*/.exec(text)?.[0] ?? text.split('\n', 1)[0] ?? '';
}
